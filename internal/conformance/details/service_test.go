package details_test

import (
	"context"
	"io"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/stats"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain/internal/testservice"
)

// A service has a method of each kind. A nil handler echoes.
type service struct {
	request func() any // returns the message into which a handler receives; nil for a StringValue
	unary   func(ctx context.Context, req any) (any, error)
	stream  func(grpc.ServerStream) error
}

const (
	unaryMethod        = testservice.Unary
	bidiMethod         = testservice.Bidi
	clientStreamMethod = testservice.ClientStream
	serverStreamMethod = testservice.ServerStream
)

func (s service) register(r grpc.ServiceRegistrar) {
	testservice.Service{Message: s.request, Unary: s.unary, Stream: s.stream}.Register(r)
}

var bidi = testservice.BidiDesc

func openBidi(ctx context.Context, t *testing.T, cc grpc.ClientConnInterface, opts ...grpc.CallOption) grpc.ClientStream {
	t.Helper()
	stream, err := cc.NewStream(ctx, bidi, bidiMethod, opts...)
	if err != nil {
		t.Fatalf("NewStream: %v", err)
	}
	return stream
}

func callUnary(ctx context.Context, cc grpc.ClientConnInterface) error {
	return cc.Invoke(ctx, unaryMethod, wrapperspb.String("request"), new(wrapperspb.StringValue))
}

func callStream(ctx context.Context, cc grpc.ClientConnInterface) error {
	stream, err := cc.NewStream(ctx, bidi, bidiMethod)
	if err != nil {
		return err
	}
	if err := stream.RecvMsg(new(wrapperspb.StringValue)); err != io.EOF {
		return err
	}
	return nil
}

// taggingStats is a stats handler that adds a value to contexts.
var taggingStats = testservice.Stats{OnTagRPC: func(ctx context.Context, _ *stats.RPCTagInfo) context.Context {
	return context.WithValue(ctx, tagKey{}, "tagged")
}}

type tagKey struct{}
