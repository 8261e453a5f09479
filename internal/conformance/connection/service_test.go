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
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type text = wrapperspb.StringValue

const (
	unaryMethod = "/connection.Service/Unary"
	bidiMethod  = "/connection.Service/Bidi"
)

var bidi = &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}

// A service calls handle and then echoes.
type service struct {
	handle func(context.Context) // nil if there is nothing to do
}

func (s service) register(r grpc.ServiceRegistrar) {
	r.RegisterService(&grpc.ServiceDesc{
		ServiceName: "connection.Service",
		HandlerType: (*any)(nil),
		Methods:     []grpc.MethodDesc{{MethodName: "Unary", Handler: serveUnary}},
		Streams:     []grpc.StreamDesc{{StreamName: "Bidi", Handler: serveBidi, ClientStreams: true, ServerStreams: true}},
	}, s)
}

func serveUnary(srv any, ctx context.Context, decode func(any) error, interceptor grpc.UnaryServerInterceptor) (any, error) {
	req := new(text)
	if err := decode(req); err != nil {
		return nil, err
	}
	handler := func(ctx context.Context, req any) (any, error) {
		if handle := srv.(service).handle; handle != nil {
			handle(ctx)
		}
		return req, nil
	}
	if interceptor == nil {
		return handler(ctx, req)
	}
	return interceptor(ctx, req, &grpc.UnaryServerInfo{Server: srv, FullMethod: unaryMethod}, handler)
}

func serveBidi(srv any, stream grpc.ServerStream) error {
	if handle := srv.(service).handle; handle != nil {
		handle(stream.Context())
	}
	for {
		message := new(text)
		if err := stream.RecvMsg(message); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		if err := stream.SendMsg(message); err != nil {
			return err
		}
	}
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
