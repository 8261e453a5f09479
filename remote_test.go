package inprocchain_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/fullstorydev/grpchan/grpchantesting"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/testservice"
)

// newRemote returns a Channel that does not serve the text service, and its clients by
// name. The remote of the Channel is a network connection to the service.
func newRemote(t *testing.T, s textService, opts ...inprocchain.Option) (*inprocchain.Channel, map[string]grpc.ClientConnInterface) {
	ch := newChannel(append(opts, inprocchain.WithRemote(s.onNetwork(t)))...)
	client := ch.NewClient()
	return ch, map[string]grpc.ClientConnInterface{
		"Channel":                 ch,
		"ClientConn":              ch.ClientConn(),
		"NewClient":               client,
		"ClientConn of NewClient": client.ClientConn(),
	}
}

func TestRemoteReceivesRPCsOfUnregisteredServices(t *testing.T) {
	t.Parallel()
	var o order
	_, clients := newRemote(t, textService{}, o.chain())
	for name, cc := range clients {
		for kind, call := range textCalls {
			if got, err := call(t.Context(), cc, "hello"); got != "hello" || err != nil {
				t.Errorf("%s, %s: got %q, %v", name, kind, got, err)
			}
		}
		var want []string // Another client has none of the Channel's client side.
		if !strings.Contains(name, "NewClient") {
			want = slices.Repeat(clientSide[:2], len(textCalls))
		}
		if ran := o.take(); !slices.Equal(ran, want) {
			t.Errorf("%s: RPCs on the remote ran %q of the Channel's chain, want %q", name, ran, want)
		}
		if err := calls["unary"](t.Context(), grpchantesting.NewTestServiceClient(cc)); err != nil {
			t.Errorf("%s: a registered service: %v", name, err)
		}
		o.take()
	}
}

func TestRemoteDoesNotServeUnknownMethodsOfRegisteredServices(t *testing.T) {
	t.Parallel()
	fail := func(context.Context, *grpc.StreamDesc, *grpc.ClientConn, string, grpc.Streamer, ...grpc.CallOption) (grpc.ClientStream, error) {
		return nil, errors.New("the remote was called")
	}
	conn := textService{}.onNetwork(t, grpc.WithStreamInterceptor(fail),
		grpc.WithUnaryInterceptor(func(context.Context, string, any, any, *grpc.ClientConn, grpc.UnaryInvoker, ...grpc.CallOption) error {
			return errors.New("the remote was called")
		}))
	ch := newChannel(inprocchain.WithRemote(conn))
	const method = "/grpchantesting.TestService/NoSuch"
	for name, cc := range map[string]grpc.ClientConnInterface{"Channel": ch, "ClientConn": ch.ClientConn(), "NewClient": ch.NewClient()} {
		if err := cc.Invoke(t.Context(), method, text(""), text("")); status.Code(err) != codes.Unimplemented {
			t.Errorf("%s: Invoke returned %v, want Unimplemented", name, err)
		}
		stream, err := cc.NewStream(t.Context(), testservice.BidiDesc, method)
		if err == nil {
			_, err = receiveTexts(stream)
		}
		if status.Code(err) != codes.Unimplemented {
			t.Errorf("%s: a stream ended with %v, want Unimplemented", name, err)
		}
	}
}

// A gate blocks handlers until it is opened or their contexts end.
type gate struct {
	entered chan struct{} // receives a value for each handler that begins
	open    chan struct{} // is closed to let the handlers continue
	ended   chan error    // receives the errors of contexts that end before that
}

func newGate() *gate {
	return &gate{make(chan struct{}, 100), make(chan struct{}), make(chan error, 100)}
}

func (g *gate) service() textService {
	return textService{
		unary: func(ctx context.Context, req string) (string, error) { return req, g.wait(ctx) },
		stream: func(ss grpc.ServerStream) error {
			if err := g.wait(ss.Context()); err != nil {
				return err
			}
			return testservice.Service{}.Echo(ss)
		},
	}
}

func (g *gate) wait(ctx context.Context) error {
	g.entered <- struct{}{}
	select {
	case <-g.open:
		return nil
	case <-ctx.Done():
		g.ended <- ctx.Err()
		return ctx.Err()
	}
}

// An inFlightRPC is on a remote connection of a Channel, with its handler at the gate.
type inFlightRPC struct {
	*gate
	ch     *inprocchain.Channel
	conn   *grpc.ClientConn // the remote
	again  func(context.Context, grpc.ClientConnInterface) error
	result chan error // receives the error of the RPC
}

// forEachInFlight runs the test with an RPC of each kind in flight on the connection that
// connOf returns.
func forEachInFlight(t *testing.T, connOf func(*inprocchain.Channel) grpc.ClientConnInterface, test func(*testing.T, inFlightRPC)) {
	t.Parallel()
	for kind, call := range textCalls {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			g := newGate()
			conn := g.service().onNetwork(t)
			rpc := inFlightRPC{
				gate: g,
				ch:   newChannel(inprocchain.WithRemote(conn)),
				conn: conn,
				again: func(ctx context.Context, cc grpc.ClientConnInterface) error {
					_, err := call(ctx, cc, "")
					return err
				},
				result: make(chan error, 1),
			}
			go func() { rpc.result <- rpc.again(t.Context(), connOf(rpc.ch)) }()
			<-g.entered
			test(t, rpc)
		})
	}
}

func onChannel(ch *inprocchain.Channel) grpc.ClientConnInterface    { return ch }
func onClientConn(ch *inprocchain.Channel) grpc.ClientConnInterface { return ch.ClientConn() }

func TestShutdownWaitsForRPCsOnTheRemote(t *testing.T) {
	forEachInFlight(t, onChannel, func(t *testing.T, rpc inFlightRPC) {
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if err := rpc.ch.Shutdown(ended); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "/test.Service/") {
			t.Errorf("Shutdown with an RPC on the remote returned %v, want the error of its context, and the method", err)
		}
		if err := rpc.again(t.Context(), rpc.ch); status.Code(err) != codes.Unavailable {
			t.Errorf("an RPC on the remote after Shutdown: %v, want Unavailable", err)
		}
		close(rpc.open)
		if err := rpc.ch.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		if err := <-rpc.result; err != nil {
			t.Errorf("the RPC in flight: %v", err)
		}
		if err := rpc.again(t.Context(), rpc.conn); err != nil {
			t.Errorf("an RPC on the connection itself after Shutdown: %v, want it open", err)
		}
	})
}

func TestCloseCancelsRPCsOnTheRemote(t *testing.T) {
	forEachInFlight(t, onChannel, func(t *testing.T, rpc inFlightRPC) {
		if err := rpc.ch.Close(); err != nil {
			t.Error(err)
		}
		if err := <-rpc.result; status.Code(err) != codes.Unavailable {
			t.Errorf("the RPC in flight: %v, want Unavailable", err)
		}
		if err := <-rpc.ended; err != context.Canceled {
			t.Errorf("the handler's context ended with %v, want Canceled", err)
		}
		close(rpc.open)
		if err := rpc.again(t.Context(), rpc.conn); err != nil {
			t.Errorf("an RPC on the connection itself after Close: %v, want it open", err)
		}
	})
}

func TestClosingAClientConnCancelsItsRPCsOnTheRemote(t *testing.T) {
	forEachInFlight(t, onClientConn, func(t *testing.T, rpc inFlightRPC) {
		if err := rpc.ch.ClientConn().Close(); err != nil {
			t.Error(err)
		}
		if err := <-rpc.result; status.Code(err) != codes.Canceled {
			t.Errorf("the RPC in flight: %v, want Canceled", err)
		}
		close(rpc.open)
		if err := rpc.again(t.Context(), rpc.ch); err != nil {
			t.Errorf("an RPC on the Channel: %v, want it to continue", err)
		}
	})
}

func TestClosedClientConnDoesNotUseTheRemote(t *testing.T) {
	t.Parallel()
	other := inprocchain.New()
	healthpb.RegisterHealthServer(other, healthpb.UnimplementedHealthServer{})
	cc := inprocchain.New(inprocchain.WithRemote(other)).ClientConn()
	if err := cc.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := healthpb.NewHealthClient(cc).Check(t.Context(), &healthpb.HealthCheckRequest{}); status.Code(err) != codes.Canceled {
		t.Errorf("an RPC on a closed ClientConn: %v, want Canceled", err)
	}
}

// A router sends RPCs for one service to one connection, and all others to another.
type router struct {
	service      string
	here, others grpc.ClientConnInterface
}

func (r *router) connOf(method string) grpc.ClientConnInterface {
	if strings.HasPrefix(method, "/"+r.service+"/") {
		return r.here
	}
	return r.others
}

func (r *router) Invoke(ctx context.Context, method string, req, reply any, opts ...grpc.CallOption) error {
	return r.connOf(method).Invoke(ctx, method, req, reply, opts...)
}

func (r *router) NewStream(ctx context.Context, desc *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	return r.connOf(method).NewStream(ctx, desc, method, opts...)
}

func TestRemoteMayBeARouter(t *testing.T) {
	t.Parallel()
	ch := inprocchain.New(inprocchain.WithRemote(&router{"test.Service", textService{unary: alwaysReturn("text")}.onNetwork(t), newChannel()}))
	if got, err := callText(t.Context(), ch, ""); got != "text" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	if err := calls["unary"](t.Context(), grpchantesting.NewTestServiceClient(ch)); err != nil {
		t.Error(err)
	}
}

// Without a check, the RPC would go round until the stack overflows.
func TestRPCThatComesBackIsRefused(t *testing.T) {
	t.Parallel()
	toItself, toEachOther := &router{service: "none"}, &router{service: "none"}
	first := inprocchain.New(inprocchain.WithRemote(toItself))
	toItself.others = first
	second := inprocchain.New(inprocchain.WithRemote(inprocchain.New(inprocchain.WithRemote(toEachOther))))
	toEachOther.others = second
	for name, cc := range map[string]grpc.ClientConnInterface{
		"a Channel that is its own remote": first, "its ClientConn": first.ClientConn(), "its client": first.NewClient(),
		"Channels that are each other's": second,
	} {
		for kind, call := range textCalls {
			_, err := call(t.Context(), cc, "")
			if status.Code(err) != codes.Internal || !strings.Contains(err.Error(), "/test.Service/") || !strings.Contains(err.Error(), "come back") {
				t.Errorf("%s, %s: %v, want Internal with the method", name, kind, err)
			}
		}
	}
	if err := first.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}
