package connection_test

import (
	"context"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/testservice"
)

// A watchedContext ends with end, and counts those who wait for its end.
type watchedContext struct {
	context.Context
	end      chan struct{}
	watchers *atomic.Int32
}

func newWatchedContext(ctx context.Context) watchedContext {
	return watchedContext{context.WithoutCancel(ctx), make(chan struct{}), new(atomic.Int32)}
}

func (c watchedContext) Done() <-chan struct{} { return c.end }

// AfterFunc is what package context calls if a context has it.
func (c watchedContext) AfterFunc(func()) (stop func() bool) {
	c.watchers.Add(1)
	return sync.OnceValue(func() bool { c.watchers.Add(-1); return true })
}

// The context of TagRPC may live longer than a stream, and does not refer to it afterwards.
func TestContextOfTagRPCIsNotWatchedAfterTheEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var tagged watchedContext
		s := servedInProcess(t, inprocchain.NewChain(inprocchain.WithClientStatsHandlers(testservice.Stats{
			OnTagRPC: func(ctx context.Context, _ *stats.RPCTagInfo) context.Context {
				tagged = newWatchedContext(ctx)
				return tagged
			},
		})), streamService{stream: blocked})
		ctx, cancel := context.WithCancel(t.Context())
		if _, err := s.cc.NewStream(ctx, bidi, bidiMethod); err != nil {
			t.Fatal(err)
		}
		during := tagged.watchers.Load()
		cancel()
		synctest.Wait()
		if after := tagged.watchers.Load(); during == 0 || after != 0 {
			t.Errorf("the context has %d watchers during the RPC and %d afterwards, want some and none", during, after)
		}
		_ = s.cc.(*grpc.ClientConn).Close()
		s.stop()
	})
}

// A caller that recovers the panic of a stats handler leaves nothing behind: the handler's
// context and that of the RPC end, and the RPC is not in flight.
func TestPanicOfAStatsHandlerEndsTheRPC(t *testing.T) {
	t.Parallel()
	for name, call := range map[string]func(context.Context, grpc.ClientConnInterface) error{
		"unary":  func(ctx context.Context, cc grpc.ClientConnInterface) error { return calls["unary"](ctx, cc) },
		"stream": func(ctx context.Context, cc grpc.ClientConnInterface) error { return calls["stream"](ctx, cc) },
		"unknown method": func(ctx context.Context, cc grpc.ClientConnInterface) error {
			return cc.Invoke(ctx, "/test.Service/Unknown", new(text), new(text))
		},
	} {
		for _, event := range []stats.RPCStats{new(stats.OutHeader), new(stats.OutPayload)} {
			if name != "unary" && reflect.TypeOf(event) != reflect.TypeFor[*stats.OutHeader]() {
				continue // The stream is open, and ends with its caller's context, as in grpc-go.
			}
			synctest.Test(t, func(t *testing.T) {
				var tagged context.Context
				ch := inprocchain.New(inprocchain.WithClientStatsHandlers(testservice.Stats{
					OnTagRPC: func(ctx context.Context, _ *stats.RPCTagInfo) context.Context { tagged = ctx; return ctx },
					OnRPC: func(_ context.Context, told stats.RPCStats) {
						if reflect.TypeOf(told) == reflect.TypeOf(event) {
							panic("told")
						}
					},
				}))
				streamService{unary: func(ctx context.Context) error { <-ctx.Done(); return nil }, stream: blocked}.register(ch)
				func() {
					defer func() {
						if recover() == nil {
							t.Errorf("%s: %T did not panic", name, event)
						}
					}()
					_ = call(t.Context(), ch)
				}()
				shutDown(t, ch) // It waits for the handler.
				if name != "unary" && tagged.Err() == nil {
					t.Errorf("%s: the context goes on after %T", name, event)
				}
			})
		}
	}
}

// The caller of a handler that goes on without its request does not wait for it.
func TestCallerDoesNotWaitForAHandlerWithoutItsRequest(t *testing.T) {
	t.Parallel()
	compare(t, nil, func(t *testing.T, over transport) *journal {
		j := new(journal)
		desc := testservice.Desc()
		desc.Methods[0].Handler = func(_ any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
			err := decode("a string")
			time.Sleep(time.Second) // in a bubble
			j.add("handler", "%v, and the context has ended with %v", status.Code(err), ctx.Err())
			return new(text), nil
		}
		start := time.Now()
		cc := over.open(t, inprocchain.Chain{}, func(r grpc.ServiceRegistrar) { r.RegisterService(desc, testservice.Service{}) })
		err := cc.Invoke(t.Context(), unaryMethod, new(text), new(text))
		j.add("caller", "%v after %v", status.Code(err), time.Since(start))
		time.Sleep(time.Minute) // until the handler has returned
		return j
	})
}
