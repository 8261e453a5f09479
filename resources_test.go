package inprocchain_test

import (
	"context"
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/testservice"
)

type retainedKey struct{}

// A retainable is a value of a context that is large enough to be allocated by itself.
type retainable [1 << 10]byte

// withRetainable returns ctx with a value, and a weak pointer to it.
func withRetainable(ctx context.Context) (context.Context, weak.Pointer[retainable]) {
	value := new(retainable)
	return context.WithValue(ctx, retainedKey{}, value), weak.Make(value)
}

// A tagging stats handler adds a value to the context of each RPC, to which it keeps a weak
// pointer.
type tagging struct {
	silent
	tagged *record[weak.Pointer[retainable]]
}

func (t tagging) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context {
	ctx, tag := withRetainable(ctx)
	t.tagged.add(tag)
	return ctx
}

// A ClientConn may live as long as the process.
func TestClientConnRetainsNoRPCThatHasEnded(t *testing.T) {
	t.Parallel()
	for name, channel := range map[string]func(...inprocchain.Option) *inprocchain.Channel{
		"a service": textService{}.onChannel,
		"the remote": func(opts ...inprocchain.Option) *inprocchain.Channel {
			return inprocchain.New(inprocchain.WithRemote(textService{}.onChannel(opts...)))
		},
	} {
		for kind, call := range textCalls {
			synctest.Test(t, func(t *testing.T) {
				tags := new(record[weak.Pointer[retainable]])
				ch := channel(inprocchain.WithServerStatsHandlers(tagging{tagged: tags}))
				ctx, tag := withRetainable(t.Context())
				tags.add(tag)
				if _, err := call(ctx, ch.ClientConn(), "text"); err != nil {
					t.Fatal(err)
				}
				synctest.Wait() // until the handler's goroutine has ended
				runtime.GC()
				for _, tag := range tags.get() {
					if tag.Value() != nil {
						t.Errorf("%s of %s: a context is retained", kind, name)
					}
				}
				if err := ch.Shutdown(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

func TestClientConnRetainsNoRPCWhoseStatsHandlerHasPanicked(t *testing.T) {
	t.Parallel()
	for kind, call := range textCalls {
		synctest.Test(t, func(t *testing.T) {
			ch := textService{}.onChannel(inprocchain.WithClientStatsHandlers(testservice.At[*stats.OutHeader](func() { panic("of the stats handler") })))
			ctx, tag := withRetainable(t.Context())
			func() {
				defer func() {
					if recover() == nil {
						t.Error("the caller did not panic")
					}
				}()
				_, _ = call(ctx, ch.ClientConn(), "text")
			}()
			synctest.Wait()
			runtime.GC()
			if tag.Value() != nil {
				t.Errorf("%s: the context is retained", kind)
			}
			if err := ch.Shutdown(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

// A foreignContext is one that package context does not know, so that a context derived from
// it has a goroutine until it ends.
type foreignContext struct {
	context.Context
	done chan struct{}
}

func (c foreignContext) Done() <-chan struct{} { return c.done }

type connTagging struct{ silent }

func (connTagging) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context {
	return foreignContext{ctx, make(chan struct{})}
}

// Otherwise synctest.Test would fail, because a goroutine is left.
func TestRefusedRPCsLeaveNothingBehind(t *testing.T) {
	t.Parallel()
	for name, clientOf := range map[string]func(*inprocchain.Channel) grpc.ClientConnInterface{
		"Channel":   func(ch *inprocchain.Channel) grpc.ClientConnInterface { return ch },
		"InProcess": func(ch *inprocchain.Channel) grpc.ClientConnInterface { return ch.InProcess() },
	} {
		for kind, call := range textCalls {
			t.Run(kind+" on "+name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					ch := textService{}.onChannel(inprocchain.WithServerStatsHandlers(connTagging{}))
					cc := clientOf(ch)
					ctx, cancel := context.WithCancel(t.Context())
					_, err := call(ctx, cc, "text")
					cancel() // Later, a finalizer of inprocgrpc would cancel, outside of the bubble.
					if err != nil {
						t.Fatal(err)
					}
					if err := ch.Shutdown(t.Context()); err != nil {
						t.Fatal(err)
					}
					ctx = t.Context()
					if name != "InProcess" { // The streams of inprocgrpc wait for their callers.
						ctx = foreignContext{ctx, make(chan struct{})}
					}
					if _, err := call(ctx, cc, "text"); status.Code(err) != codes.Unavailable {
						t.Errorf("an RPC after Shutdown: %v, want Unavailable", err)
					}
				})
			})
		}
	}
}

// A handler that is written by hand may give a context of its own to the interceptors.
func TestRPCsOfHandwrittenHandlersLeaveNothingBehind(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ch := inprocchain.New(inprocchain.WithServerStatsHandlers(connTagging{}))
		ch.RegisterService(handwritten(func(context.Context) context.Context {
			return foreignContext{context.Background(), make(chan struct{})}
		}, nil), nil)
		if _, err := callText(t.Context(), ch.InProcess(), "text"); err != nil {
			t.Fatal(err)
		}
		if err := ch.Shutdown(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := callText(t.Context(), ch.InProcess(), "text"); status.Code(err) != codes.Unavailable {
			t.Errorf("an RPC after Shutdown: %v, want Unavailable", err)
		}
	})
}

// handwritten returns a service whose handler replaces the context that interceptors see, and
// then calls handle, which may be nil.
func handwritten(replace func(context.Context) context.Context, handle func(context.Context)) *grpc.ServiceDesc {
	desc := testservice.Desc()
	desc.Methods[0].Handler = func(_ any, ctx context.Context, decode func(any) error, interceptor grpc.UnaryServerInterceptor) (any, error) {
		req := text("")
		if err := decode(req); err != nil {
			return nil, err
		}
		return interceptor(replace(ctx), req, &grpc.UnaryServerInfo{FullMethod: textUnary}, func(ctx context.Context, req any) (any, error) {
			if handle != nil {
				handle(ctx)
			}
			return req, nil
		})
	}
	return desc
}

// Such a context hides the caller's, and is found in its place.
func TestContextOfAHandwrittenHandlerIsFoundAsTheCallers(t *testing.T) {
	t.Parallel()
	type key struct{}
	var got any
	ch := inprocchain.New()
	ch.RegisterService(handwritten(func(context.Context) context.Context {
		return context.WithValue(context.Background(), key{}, "value")
	}, func(ctx context.Context) { got = inprocgrpc.ClientContext(ctx).Value(key{}) }), nil)
	if _, err := callText(t.Context(), ch.InProcess(), "text"); err != nil || got != "value" {
		t.Errorf("the caller's context has the value %v, want that of the handler's context; the error is %v", got, err)
	}
}

// If credentials or a stats handler end the goroutine of an RPC, the RPC must not stay
// in flight, because Shutdown would then wait for it forever.
func TestShutdownDoesNotWaitForRPCsThatNeverReachedTheirHandler(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		option inprocchain.Option
		call   func(context.Context, *inprocchain.Channel)
	}{
		"credentials": {inprocchain.Chain{}, func(ctx context.Context, ch *inprocchain.Channel) {
			_, _ = healthpb.NewHealthClient(ch).Check(ctx, &healthpb.HealthCheckRequest{}, grpc.PerRPCCredentials(exitingCredentials{}))
		}},
		"credentials of a stream": {inprocchain.Chain{}, func(ctx context.Context, ch *inprocchain.Channel) {
			_, _ = healthpb.NewHealthClient(ch).Watch(ctx, &healthpb.HealthCheckRequest{}, grpc.PerRPCCredentials(exitingCredentials{}))
		}},
		"a client stats handler": {
			inprocchain.WithClientStatsHandlers(testservice.At[*stats.OutHeader](runtime.Goexit)),
			func(ctx context.Context, ch *inprocchain.Channel) {
				_, _ = healthpb.NewHealthClient(ch).Check(ctx, &healthpb.HealthCheckRequest{})
			},
		},
		"a server stats handler": {
			inprocchain.WithServerStatsHandlers(testservice.At[*stats.Begin](runtime.Goexit)),
			func(ctx context.Context, ch *inprocchain.Channel) {
				_, _ = healthpb.NewHealthClient(ch).Check(ctx, &healthpb.HealthCheckRequest{})
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ch := inprocchain.New(test.option)
			healthpb.RegisterHealthServer(ch, healthpb.UnimplementedHealthServer{})
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				test.call(t.Context(), ch)
			}()
			<-ended
			if err := ch.Shutdown(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

// exitingCredentials end the goroutine that asks for them.
type exitingCredentials struct{}

func (exitingCredentials) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	runtime.Goexit()
	return nil, nil
}

func (exitingCredentials) RequireTransportSecurity() bool { return false }

// A countedDeadline counts the calls of its method Deadline.
type countedDeadline struct {
	context.Context
	calls *atomic.Int64
}

func (c countedDeadline) Deadline() (time.Time, bool) {
	c.calls.Add(1)
	return c.Context.Deadline()
}

// The context of a nested RPC does not call Deadline on the contexts of all the RPCs
// around it.
func TestCostOfNestedRPCsGrowsLinearly(t *testing.T) {
	t.Parallel()
	countCalls := func(depth int) int64 {
		var calls atomic.Int64
		var ch *inprocchain.Channel
		ch = textService{unary: func(ctx context.Context, req string) (string, error) {
			depth, err := strconv.Atoi(req)
			if err != nil || depth == 0 {
				return req, err
			}
			return callText(countedDeadline{ctx, &calls}, ch, strconv.Itoa(depth-1))
		}}.onChannel()
		if _, err := callText(t.Context(), ch, strconv.Itoa(depth)); err != nil {
			t.Fatal(err)
		}
		if err := ch.Shutdown(t.Context()); err != nil {
			t.Fatal(err)
		}
		return calls.Load()
	}
	few, many := countCalls(400), countCalls(4000)
	if few == 0 {
		t.Fatal("Deadline was not called, so this test checks nothing")
	}
	if many > 11*few {
		t.Errorf("4000 nested RPCs called Deadline %d times, and 400 called it %d times, want at most ten times as often", many, few)
	}
}
