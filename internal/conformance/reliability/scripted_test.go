package reliability_test

import (
	"context"
	"testing"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/testservice"
)

// A scripted service has handlers that a test provides. A nil handler echoes.
type scripted struct {
	request func() any // returns the message into which a handler decodes; nil for a BytesValue
	unary   func(ctx context.Context, req any) (any, error)
	stream  func(ss grpc.ServerStream) error
}

const (
	scriptedUnary        = testservice.Unary
	scriptedBidi         = testservice.Bidi
	scriptedClientStream = testservice.ClientStream
	scriptedServerStream = testservice.ServerStream
)

func (s scripted) register(r grpc.ServiceRegistrar) { s.service().Register(r) }

func (s scripted) service() testservice.Service {
	if s.request == nil {
		s.request = func() any { return new(wrapperspb.BytesValue) }
	}
	return testservice.Service{Message: s.request, Unary: s.unary, Stream: s.stream}
}

func (s scripted) onChannel(opts ...inprocchain.Option) *inprocchain.Channel {
	ch := inprocchain.New(opts...)
	s.register(ch)
	return ch
}

func (s scripted) onBareChannel() *inprocgrpc.Channel {
	ch := new(inprocgrpc.Channel)
	s.register(ch)
	return ch
}

func (s scripted) onNetwork(tb testing.TB, opts ...grpc.ServerOption) *grpc.ClientConn {
	server := grpc.NewServer(opts...)
	s.register(server)
	return testservice.Dial(tb, server)
}

var bidi = testservice.BidiDesc

func openBidi(ctx context.Context, tb testing.TB, cc grpc.ClientConnInterface, opts ...grpc.CallOption) grpc.ClientStream {
	tb.Helper()
	stream, err := cc.NewStream(ctx, bidi, scriptedBidi, opts...)
	if err != nil {
		tb.Fatalf("NewStream: %v", err)
	}
	return stream
}

// passClient is an interceptor that only calls its invoker.
func passClient(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	return invoker(ctx, method, req, reply, cc, opts...)
}
