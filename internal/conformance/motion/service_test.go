package motion_test

import (
	"context"
	"io"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/conformance/connect"
	"github.com/inprocchain/inprocchain/internal/testservice"
)

type text = wrapperspb.StringValue

// A service has the handlers of a test. A nil handler sends its first message back.
type service struct {
	unary  func(context.Context) error
	stream func(grpc.ServerStream) error
}

// handle returns a service whose handlers call f.
func handle(f func(context.Context) error) service {
	return service{unary: f, stream: func(ss grpc.ServerStream) error { return f(ss.Context()) }}
}

func (s service) register(r grpc.ServiceRegistrar) {
	serve := testservice.Service{Stream: echo}
	if s.unary != nil {
		serve.Unary = func(ctx context.Context, req any) (any, error) { return req, s.unary(ctx) }
	}
	if s.stream != nil {
		serve.Stream = s.stream
	}
	serve.Register(r)
}

// echo sends the first message back.
func echo(ss grpc.ServerStream) error {
	message := new(text)
	if err := ss.RecvMsg(message); err != nil {
		return err
	}
	return ss.SendMsg(message)
}

// A kind is a kind of RPC.
type kind struct {
	name, method string
	desc         *grpc.StreamDesc // nil for unary RPCs
}

var (
	unknown = kind{"unknown method", "/test.Service/Unknown", nil}
	unary   = kind{"unary", testservice.Unary, nil}
	bidi    = kind{"bidi", testservice.Bidi, testservice.BidiDesc}
	kinds   = []kind{
		unary,
		{"client stream", testservice.ClientStream, &grpc.StreamDesc{ClientStreams: true}},
		{"server stream", testservice.ServerStream, &grpc.StreamDesc{ServerStreams: true}},
		bidi,
	}
)

// call makes an RPC and sends one message. It returns how many messages arrived, and how the
// RPC ended.
func (k kind) call(ctx context.Context, cc grpc.ClientConnInterface, opts ...grpc.CallOption) (messages int, err error) {
	if k.desc == nil {
		if err := cc.Invoke(ctx, k.method, wrapperspb.String("message"), new(text), opts...); err != nil {
			return 0, err
		}
		return 1, nil
	}
	stream, err := cc.NewStream(ctx, k.desc, k.method, opts...)
	if err != nil {
		return 0, err
	}
	if err := stream.SendMsg(wrapperspb.String("message")); err != nil && err != io.EOF {
		return 0, err
	}
	if err := stream.CloseSend(); err != nil {
		return 0, err
	}
	for {
		err := stream.RecvMsg(new(text))
		if err == io.EOF {
			return messages, nil
		}
		if err != nil {
			return messages, err
		}
		messages++
		if !k.desc.ServerStreams { // The message came with the status.
			return messages, nil
		}
	}
}

// serverInterceptors returns interceptors of both kinds that call around.
func serverInterceptors(around func(handler func() error) error) inprocchain.Chain {
	return inprocchain.NewChain(
		inprocchain.WithUnaryServerInterceptors(func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (resp any, err error) {
			err = around(func() error { resp, err = handler(ctx, req); return err })
			return resp, err
		}),
		inprocchain.WithStreamServerInterceptors(func(srv any, ss grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
			return around(func() error { return handler(srv, ss) })
		}),
	)
}

// connections serves with the chain, and returns a connection over a network, the oracle,
// and a Channel.
func connections(t *testing.T, chain inprocchain.Chain, register func(grpc.ServiceRegistrar)) []connect.Connection {
	t.Helper()
	return []connect.Connection{
		{Name: "network", Conn: connect.Network(t, chain, register)},
		{Name: "Channel", Conn: newChannel(t, chain, register), InProcess: true},
	}
}

// connectTo returns one of these connections to the service.
func connectTo(t *testing.T, name string, chain inprocchain.Chain, s service) grpc.ClientConnInterface {
	t.Helper()
	if name == "network" {
		return connect.Network(t, chain, s.register)
	}
	return newChannel(t, chain, s.register)
}

// newChannel serves on a Channel until the test ends. Unlike connect.InProcess, it does not
// hang if Shutdown does.
func newChannel(t *testing.T, chain inprocchain.Chain, register func(grpc.ServiceRegistrar)) *inprocchain.Channel {
	ch := inprocchain.New(chain)
	register(ch)
	t.Cleanup(func() {
		if t.Failed() {
			go ch.Close() // Nobody waits, since the failure may have left RPCs behind.
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), limit)
		defer cancel()
		if !returns(func() {
			if err := ch.Shutdown(ctx); err != nil {
				t.Errorf("Shutdown: %v", err)
			}
		}) {
			t.Error("Shutdown hangs")
		}
	})
	return ch
}

// limit is how long a test waits before it fails, for something that takes far less time even
// on a busy machine.
const limit = 5 * time.Second

// await receives from the channel. It ends the test if nothing comes.
func await[T any](t *testing.T, from <-chan T, what string) T {
	t.Helper()
	select {
	case value := <-from:
		return value
	case <-time.After(limit):
		t.Fatalf("no %s", what)
		panic("unreachable")
	}
}

// returns reports whether f returns. It runs on another goroutine.
func returns(f func()) bool {
	returned := make(chan struct{})
	go func() {
		defer close(returned)
		f()
	}()
	select {
	case <-returned:
		return true
	case <-time.After(limit + time.Second): // A context with the limit ends first.
		return false
	}
}
