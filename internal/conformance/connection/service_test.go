package connection_test

import (
	"context"
	"errors"
	"io"
	"testing"

	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/testservice"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type text = wrapperspb.StringValue

const (
	unaryMethod = testservice.Unary
	bidiMethod  = testservice.Bidi
)

var bidi = testservice.BidiDesc

// A service calls handle and then echoes.
type service struct {
	handle func(context.Context) // nil if there is nothing to do
}

func (s service) register(r grpc.ServiceRegistrar) {
	serve := testservice.Service{}
	if s.handle != nil {
		serve.Unary = func(ctx context.Context, req any) (any, error) { s.handle(ctx); return req, nil }
		serve.Stream = func(stream grpc.ServerStream) error {
			s.handle(stream.Context())
			return testservice.Service{}.Echo(stream)
		}
	}
	serve.Register(r)
}

// serverInterceptors calls observe with the context of each RPC.
func serverInterceptors(observe func(context.Context)) inprocchain.Chain {
	return inprocchain.NewChain(
		inprocchain.WithUnaryServerInterceptors(func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
			observe(ctx)
			return handler(ctx, req)
		}),
		inprocchain.WithStreamServerInterceptors(func(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
			observe(stream.Context())
			return handler(srv, stream)
		}),
	)
}

// callUnary makes a unary RPC. It returns the header of the response.
func callUnary(ctx context.Context, cc grpc.ClientConnInterface, opts ...grpc.CallOption) (metadata.MD, error) {
	var header metadata.MD
	err := cc.Invoke(ctx, unaryMethod, wrapperspb.String("message"), new(text), append(opts, grpc.Header(&header))...)
	return header, err
}

// callBidi makes a streaming RPC with one message. It returns the stream, which has
// ended.
func callBidi(ctx context.Context, cc grpc.ClientConnInterface, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	stream, err := cc.NewStream(ctx, bidi, bidiMethod, opts...)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(stream.SendMsg(wrapperspb.String("message")), stream.CloseSend(), stream.RecvMsg(new(text))); err != nil {
		return nil, err
	}
	if err := stream.RecvMsg(new(text)); err != io.EOF {
		return nil, errors.Join(errors.New("the stream has not ended"), err)
	}
	return stream, nil
}
