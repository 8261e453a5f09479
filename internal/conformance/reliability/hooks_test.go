package reliability_test

import (
	"context"
	"io"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/testservice"
)

// setHook calls each With… method of an inprocgrpc.Channel, by its name. Each call replaces a
// part of the chain.
var setHook = map[string]func(*inprocgrpc.Channel){
	"WithServerUnaryInterceptor": func(ch *inprocgrpc.Channel) {
		ch.WithServerUnaryInterceptor(func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
			return handler(ctx, req)
		})
	},
	"WithServerStreamInterceptor": func(ch *inprocgrpc.Channel) {
		ch.WithServerStreamInterceptor(func(srv any, ss grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
			return handler(srv, ss)
		})
	},
	"WithServerStatsHandler": func(ch *inprocgrpc.Channel) { ch.WithServerStatsHandler(testservice.NoStats{}) },
	"WithClientStatsHandler": func(ch *inprocgrpc.Channel) { ch.WithClientStatsHandler(testservice.NoStats{}) },
	"WithCloner":             func(ch *inprocgrpc.Channel) { ch.WithCloner(inprocgrpc.ProtoCloner{}) },
}

// replacedWith has further arguments of With… methods, by the name of the method and what it sets.
var replacedWith = map[string]map[string]func(*inprocgrpc.Channel){
	"WithServerUnaryInterceptor": {
		"nil": func(ch *inprocgrpc.Channel) { ch.WithServerUnaryInterceptor(nil) },
	},
	"WithCloner": {
		"a pointer": func(ch *inprocgrpc.Channel) { ch.WithCloner(new(inprocgrpc.ProtoCloner)) }, // The Channel's own is one, too.
	},
}

func TestReplacedChainFailsEveryRPC(t *testing.T) {
	t.Parallel()
	for method, set := range setHook {
		t.Run(method, func(t *testing.T) { testReplacedChain(t, method, set) })
		for argument, set := range replacedWith[method] {
			t.Run(method+" of "+argument, func(t *testing.T) { testReplacedChain(t, method, set) })
		}
	}
}

// testReplacedChain checks that every RPC fails and names the method that set calls.
func testReplacedChain(t *testing.T, method string, set func(*inprocgrpc.Channel)) {
	t.Parallel()
	var handled atomic.Int64
	ch := counting(&handled).onChannel(authenticated)
	other := ch.NewClient()
	below := ch.InProcess()
	set(below)
	for name, cc := range map[string]grpc.ClientConnInterface{
		"Channel": ch, "ClientConn": ch.ClientConn(), "another client": other, "inprocgrpc.Channel": below,
	} {
		for kind, call := range callsOfEachKind {
			err := call(t.Context(), cc, unchanged)
			if status.Code(err) != codes.Internal || !strings.Contains(err.Error(), "inprocgrpc.Channel."+method+" was called") {
				t.Errorf("%s on the %s: %v, want Internal and the name of the method", kind, name, err)
			}
		}
	}
	if n := handled.Load(); n != 0 {
		t.Errorf("%d handlers ran", n)
	}
}

// A pointerCloner is allocated where the Channel's own cloner may have been.
type pointerCloner struct{ *inprocgrpc.ProtoCloner }

// A cloner that was replaced is not accepted again when another one has its address.
func TestReplacedClonerIsNoticedWhateverItsAddress(t *testing.T) {
	t.Parallel()
	var handled atomic.Int64
	ch := counting(&handled).onChannel()
	below := ch.InProcess()
	below.WithCloner(inprocgrpc.ProtoCloner{})
	runtime.GC()
	var cloners [20_000]*pointerCloner // The next ones get other addresses.
	for i := range cloners {
		cloners[i] = &pointerCloner{new(inprocgrpc.ProtoCloner)}
		below.WithCloner(cloners[i])
		if err := callsOfEachKind["unary"](t.Context(), ch, unchanged); status.Code(err) != codes.Internal {
			t.Fatalf("with cloner %d: %v, want Internal", i, err)
		}
	}
}

func TestReplacedChainPanicsWhileBuilding(t *testing.T) {
	t.Parallel()
	for method, set := range setHook {
		for name, build := range map[string]func(*inprocchain.Channel){
			"RegisterService": func(ch *inprocchain.Channel) { scripted{}.register(ch) },
			"InProcess":       func(ch *inprocchain.Channel) { ch.InProcess() },
			"NewClient":       func(ch *inprocchain.Channel) { ch.NewClient() },
			"NewServer":       func(ch *inprocchain.Channel) { ch.NewServer() },
		} {
			t.Run(name+" after "+method, func(t *testing.T) {
				t.Parallel()
				ch := inprocchain.New()
				set(ch.InProcess())
				defer func() {
					text, _ := recover().(string)
					for _, want := range []string{"inprocchain: " + name + ": ", "inprocgrpc.Channel." + method + " was called", "to New or Wrap instead"} {
						if !strings.Contains(text, want) {
							t.Errorf("%s panics with %q, which does not contain %q", name, text, want)
						}
					}
				}()
				build(ch)
			})
		}
	}
}

// Flipt's server constructor sets the interceptors of the channel that it receives. If the
// chain were replaced silently, every request would be served without the audit log.
func TestRPCsFailAfterConstructorReplacesInterceptors(t *testing.T) {
	t.Parallel()
	newServer := func(ch *inprocgrpc.Channel, s scripted) grpc.ClientConnInterface {
		ch.WithServerUnaryInterceptor(func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
			return handler(ctx, req)
		})
		s.register(ch)
		return ch
	}
	var audited, handled atomic.Int64
	ch := inprocchain.New(inprocchain.WithUnaryServerInterceptors(func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		audited.Add(1)
		return handler(ctx, req)
	}))
	gateway := newServer(ch.InProcess(), counting(&handled))
	if err := callsOfEachKind["unary"](t.Context(), gateway, unchanged); status.Code(err) != codes.Internal {
		t.Errorf("an RPC without the audit log: %v, want Internal", err)
	}
	if handled.Load() != 0 {
		t.Error("the handler ran without the audit log")
	}
}

// Once the cloner and the interceptors have been replaced, an RPC that is made on the
// inprocgrpc.Channel meets no code of the library apart from the handlers of services that are
// registered on the Channel or before Wrap. These refuse.
func TestInProcessServesRPCsAfterClonerAndInterceptorsAreReplaced(t *testing.T) {
	t.Parallel()
	for _, registered := range []string{"on the Channel", "on InProcess", "before Wrap"} {
		t.Run("registered "+registered, func(t *testing.T) {
			t.Parallel()
			var handled atomic.Int64
			ch := registeredServices[registered](counting(&handled), authenticated)
			below := ch.InProcess()
			below.WithServerUnaryInterceptor(nil).WithServerStreamInterceptor(nil).WithCloner(inprocgrpc.ProtoCloner{})
			for kind, call := range callsOfEachKind {
				want := codes.OK
				if registered != "on InProcess" {
					want = codes.Internal
				}
				if err := call(t.Context(), below, unchanged); status.Code(err) != want {
					t.Errorf("%s on the inprocgrpc.Channel: %v, want %v", kind, err, want)
				}
				before := handled.Load()
				for name, cc := range map[string]grpc.ClientConnInterface{"Channel": ch, "ClientConn": ch.ClientConn()} {
					if err := call(t.Context(), cc, unchanged); status.Code(err) != codes.Internal || handled.Load() != before {
						t.Errorf("%s on the %s: %v, want Internal and no handler", kind, name, err)
					}
				}
			}
		})
	}
}

// Consul sets several hooks in one expression. The ones that are left, and the handlers, refuse.
func TestHandlersRefuseAfterAnyHooksAreReplacedTogether(t *testing.T) {
	t.Parallel()
	methods := slices.Sorted(maps.Keys(setHook))
	for chosen := 1; chosen < 1<<len(methods); chosen++ {
		for _, registered := range []string{"on the Channel", "before Wrap"} {
			var handled atomic.Int64
			below := registeredServices[registered](counting(&handled), authenticated).InProcess()
			var set []string
			for i, method := range methods {
				if chosen&(1<<i) != 0 {
					setHook[method](below)
					set = append(set, method)
				}
			}
			for kind, call := range callsOfEachKind {
				if err := call(t.Context(), below, unchanged); status.Code(err) != codes.Internal || handled.Load() != 0 {
					t.Errorf("registered %s, %s after %v: %v, and %d handlers ran; want Internal and none", registered, kind, set, err, handled.Load())
				}
			}
		}
	}
}

// For a service that is registered on InProcess, only the library's cloner can still fail the
// RPC. It is called when a message is sent, so the handler has already started.
func TestNoMessageArrivesAfterStreamInterceptorIsReplaced(t *testing.T) {
	t.Parallel()
	for method, desc := range map[string]*grpc.StreamDesc{scriptedBidi: bidi, scriptedClientStream: {ClientStreams: true}} {
		t.Run("registered on InProcess"+method, func(t *testing.T) {
			t.Parallel()
			started, received, sent := make(chan struct{}), make(chan error, 1), make(chan error, 1)
			ch := registeredServices["on InProcess"](scripted{stream: func(ss grpc.ServerStream) error {
				close(started)
				received <- ss.RecvMsg(new(wrapperspb.BytesValue))
				sent <- ss.SendMsg(wrapperspb.Bytes([]byte("secret")))
				return nil
			}}, authenticated)
			below := ch.InProcess()
			below.WithServerStreamInterceptor(nil)
			stream, err := below.NewStream(t.Context(), desc, method)
			if err != nil {
				t.Fatal(err)
			}
			<-started
			client := stream.SendMsg(wrapperspb.Bytes([]byte("secret")))
			if err := stream.CloseSend(); err != nil {
				t.Error(err)
			}
			for side, err := range map[string]error{"client": client, "handler": <-sent} {
				if status.Code(err) != codes.Internal || !strings.Contains(err.Error(), "inprocgrpc.Channel.WithServerStreamInterceptor was called") {
					t.Errorf("SendMsg of the %s returned %v, want Internal and the name of the method", side, err)
				}
			}
			for side, err := range map[string]error{"client": stream.RecvMsg(new(wrapperspb.BytesValue)), "handler": <-received} {
				if err != io.EOF {
					t.Errorf("RecvMsg of the %s returned %v, want no message and io.EOF", side, err)
				}
			}
		})
	}
}

// A hook may be replaced while a handler runs. Its response does not arrive.
func TestNoResponseArrivesAfterAHookIsReplaced(t *testing.T) {
	t.Parallel()
	var below *inprocgrpc.Channel
	below = scripted{unary: func(_ context.Context, req any) (any, error) {
		below.WithServerStreamInterceptor(nil)
		return req, nil
	}}.onChannel().InProcess()
	response := new(wrapperspb.BytesValue)
	err := below.Invoke(t.Context(), scriptedUnary, wrapperspb.Bytes([]byte("secret")), response)
	if status.Code(err) != codes.Internal || len(response.Value) > 0 {
		t.Errorf("the RPC returned %q and %v, want Internal", response.Value, err)
	}
}

// registeredServices has the ways to register a service on a Channel.
var registeredServices = map[string]func(scripted, ...inprocchain.Option) *inprocchain.Channel{
	"on the Channel": scripted.onChannel,
	"on InProcess": func(s scripted, opts ...inprocchain.Option) *inprocchain.Channel {
		ch := inprocchain.New(opts...)
		s.register(ch.InProcess())
		return ch
	},
	"before Wrap": func(s scripted, opts ...inprocchain.Option) *inprocchain.Channel {
		return inprocchain.Wrap(s.onBareChannel(), opts...)
	},
}
