package inprocchain_test

import (
	"context"
	"slices"
	"sync"
	"testing"

	"github.com/fullstorydev/grpchan"
	"github.com/fullstorydev/grpchan/grpchantesting"
	"google.golang.org/grpc"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/testservice"
)

// An order records the names of interceptors and stats handlers in the order in
// which they are called.
type order struct {
	mu  sync.Mutex
	ran []string
}

func (o *order) add(name string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ran = append(o.ran, name)
}

func (o *order) take() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	ran := o.ran
	o.ran = nil
	return ran
}

// chain returns a Chain with two interceptors and stats handlers of each kind. Each
// records its name.
func (o *order) chain() inprocchain.Chain {
	var chain inprocchain.Chain
	for _, n := range []string{"1", "2"} {
		chain = inprocchain.NewChain(chain,
			inprocchain.WithUnaryServerInterceptors(func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
				o.add("server interceptor " + n)
				return handler(ctx, req)
			}),
			inprocchain.WithStreamServerInterceptors(func(srv any, ss grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
				o.add("server interceptor " + n)
				return handler(srv, ss)
			}),
			inprocchain.WithUnaryClientInterceptors(func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
				o.add("client interceptor " + n)
				return invoker(ctx, method, req, reply, cc, opts...)
			}),
			inprocchain.WithStreamClientInterceptors(func(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
				o.add("client interceptor " + n)
				return streamer(ctx, desc, cc, method, opts...)
			}),
			inprocchain.WithServerStatsHandlers(beginRecorder{order: o, name: "server stats " + n}),
			inprocchain.WithClientStatsHandlers(beginRecorder{order: o, name: "client stats " + n}),
		)
	}
	return chain
}

// A beginRecorder is a stats handler that records its name when an RPC begins.
type beginRecorder struct {
	testservice.NoStats
	order *order
	name  string
}

func (r beginRecorder) HandleRPC(_ context.Context, event stats.RPCStats) {
	if _, ok := event.(*stats.Begin); ok {
		r.order.add(r.name)
	}
}

var (
	clientSide = []string{"client interceptor 1", "client interceptor 2", "client stats 1", "client stats 2"}
	serverSide = []string{"server stats 1", "server stats 2", "server interceptor 1", "server interceptor 2"}
	bothSides  = slices.Concat(clientSide, serverSide)
)

func TestInterceptorsRunInTheOrderGiven(t *testing.T) {
	t.Parallel()
	var o order
	chain := o.chain()
	ch := newChannel(chain)
	network := dial(t, chain)
	above := func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		o.add("above")
		return invoker(ctx, method, req, reply, cc, opts...)
	}
	aboveStream := func(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
		o.add("above")
		return streamer(ctx, desc, cc, method, opts...)
	}
	for _, test := range []struct {
		name string
		cc   grpc.ClientConnInterface
		want []string
	}{
		{"network", network, bothSides},
		{"Channel", ch, bothSides},
		{"ClientConn", ch.ClientConn(), bothSides},
		{"InProcess", ch.InProcess(), serverSide},
		{"layer above", grpchan.InterceptClientConn(ch, above, aboveStream), slices.Concat([]string{"above"}, bothSides)},
	} {
		for kind, call := range calls {
			o.take()
			if err := call(t.Context(), grpchantesting.NewTestServiceClient(test.cc)); err != nil {
				t.Fatalf("%s, %s: %v", test.name, kind, err)
			}
			if got := o.take(); !slices.Equal(got, test.want) {
				t.Errorf("%s, %s: ran\n  %q, want\n  %q", test.name, kind, got, test.want)
			}
		}
	}
}

// calls has one function for each kind of RPC, which makes one such RPC.
var calls = map[string]func(context.Context, grpchantesting.TestServiceClient) error{
	"unary": func(ctx context.Context, client grpchantesting.TestServiceClient) error {
		_, err := client.Unary(ctx, &grpchantesting.Message{})
		return err
	},
	"client stream": func(ctx context.Context, client grpchantesting.TestServiceClient) error {
		stream, err := client.ClientStream(ctx)
		if err != nil {
			return err
		}
		_, err = stream.CloseAndRecv()
		return err
	},
	"server stream": func(ctx context.Context, client grpchantesting.TestServiceClient) error {
		stream, err := client.ServerStream(ctx, &grpchantesting.Message{Count: 1})
		if err != nil {
			return err
		}
		return drainStream(stream)
	},
	"bidi stream": func(ctx context.Context, client grpchantesting.TestServiceClient) error {
		stream, err := client.BidiStream(ctx)
		if err != nil {
			return err
		}
		if err := stream.Send(&grpchantesting.Message{}); err != nil {
			return err
		}
		if err := stream.CloseSend(); err != nil {
			return err
		}
		return drainStream(stream)
	},
}

func drainStream(stream interface {
	Recv() (*grpchantesting.Message, error)
}) error {
	for {
		if _, err := stream.Recv(); err != nil {
			return notEOF(err)
		}
	}
}

func TestInterceptorMayCallItsInvokerTwice(t *testing.T) {
	t.Parallel()
	var o order
	twice := func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		if err := invoker(ctx, method, req, reply, cc, opts...); err != nil {
			return err
		}
		return invoker(ctx, method, req, reply, cc, opts...)
	}
	ch := newChannel(inprocchain.WithUnaryClientInterceptors(twice), o.chain())
	if err := calls["unary"](t.Context(), grpchantesting.NewTestServiceClient(ch)); err != nil {
		t.Fatal(err)
	}
	if got, want := o.take(), slices.Concat(bothSides, bothSides); !slices.Equal(got, want) {
		t.Errorf("ran\n  %q, want\n  %q", got, want)
	}
}

func TestClientInterceptorsMayUseTheirClientConn(t *testing.T) {
	t.Parallel()
	type inner struct{}
	runs := 0
	callAgain := func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		runs++
		if ctx.Value(inner{}) == nil {
			innerCtx := context.WithValue(ctx, inner{}, true)
			if err := calls["unary"](innerCtx, grpchantesting.NewTestServiceClient(cc)); err != nil {
				return err
			}
		}
		return invoker(ctx, method, req, reply, cc, opts...)
	}
	ch := newChannel(inprocchain.WithUnaryClientInterceptors(callAgain))
	if err := calls["unary"](t.Context(), grpchantesting.NewTestServiceClient(ch)); err != nil {
		t.Fatal(err)
	}
	if runs != 2 {
		t.Errorf("the interceptor ran %d times, want once for each of the two RPCs", runs)
	}
}

func TestEmbeddedCallOptionsTakeEffect(t *testing.T) {
	t.Parallel()
	ch := inprocchain.New()
	healthpb.RegisterHealthServer(ch, healthpb.UnimplementedHealthServer{})
	for name, option := range map[string]func(*metadata.MD) grpc.CallOption{
		"pointer":  func(md *metadata.MD) grpc.CallOption { return &grpc.TrailerCallOption{TrailerAddr: md} },
		"embedded": func(md *metadata.MD) grpc.CallOption { return embedded{grpc.TrailerCallOption{TrailerAddr: md}} },
		"embedded twice": func(md *metadata.MD) grpc.CallOption {
			return embeddedTwice{embedded{grpc.TrailerCallOption{TrailerAddr: md}}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var trailer metadata.MD
			_, _ = healthpb.NewHealthClient(ch).Check(t.Context(), &healthpb.HealthCheckRequest{}, option(&trailer))
			if len(trailer["content-type"]) != 1 {
				t.Errorf("the trailer is %v, want that of the response", trailer)
			}
		})
	}
}

// The options belong to the caller, who may use them again.
func TestCallOptionsOfTheCallerStayAsTheyAre(t *testing.T) {
	t.Parallel()
	var trailer metadata.MD
	given := embedded{grpc.TrailerCallOption{TrailerAddr: &trailer}}
	opts := []grpc.CallOption{given}
	for kind, call := range textCalls {
		if _, err := call(t.Context(), textService{}.onChannel(), "text", opts...); err != nil {
			t.Fatal(err)
		}
		if opts[0] != given {
			t.Errorf("%s: the option is %T afterwards", kind, opts[0])
		}
	}
}

// embedded and embeddedTwice are call options of an application that embed one of grpc-go.
type embedded struct{ grpc.TrailerCallOption }

type embeddedTwice struct{ embedded }
