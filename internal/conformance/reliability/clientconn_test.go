package reliability_test

import (
	"context"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/testservice"
)

func TestInterceptorsReceiveCallersContextOnEveryPath(t *testing.T) {
	t.Parallel()
	var received context.Context
	receive := inprocchain.WithUnaryClientInterceptors(func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		received = ctx
		return invoker(ctx, method, req, reply, cc, opts...)
	})
	for name, cc := range eachConn(t, receive) {
		if err := callUnary(t.Context(), cc); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if received.Err() != nil {
			t.Errorf("%s: after the RPC, the context of the interceptor has ended: %v", name, received.Err())
		}
	}
}

// A validatingStream refuses empty messages.
type validatingStream struct{ grpc.ClientStream }

func (s validatingStream) SendMsg(m any) error {
	if len(m.(*wrapperspb.BytesValue).Value) == 0 {
		return status.Error(codes.InvalidArgument, "empty")
	}
	return s.ClientStream.SendMsg(m)
}

func TestStreamContinuesAfterInterceptorError(t *testing.T) {
	t.Parallel()
	refuse := inprocchain.WithStreamClientInterceptors(func(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
		stream, err := streamer(ctx, desc, cc, method, opts...)
		return validatingStream{stream}, err
	})
	for name, cc := range eachConn(t, refuse) {
		stream := openBidi(t.Context(), t, cc)
		if err := stream.SendMsg(wrapperspb.Bytes(nil)); status.Code(err) != codes.InvalidArgument {
			t.Errorf("%s: SendMsg of an empty message: %v, want InvalidArgument", name, err)
		}
		if err := stream.SendMsg(wrapperspb.Bytes([]byte("x"))); err != nil {
			t.Errorf("%s: SendMsg of another message: %v", name, err)
		}
		if err := stream.RecvMsg(new(wrapperspb.BytesValue)); err != nil {
			t.Errorf("%s: RecvMsg: %v", name, err)
		}
	}
}

// eachConn returns connections to an echo service, with the option.
func eachConn(t *testing.T, opt inprocchain.Option) map[string]grpc.ClientConnInterface {
	server := grpc.NewServer()
	scripted{}.register(server)
	ch := scripted{}.onChannel(opt)
	return map[string]grpc.ClientConnInterface{
		"network":    testservice.Dial(t, server, inprocchain.NewChain(opt).DialOptions()...),
		"Channel":    ch,
		"ClientConn": ch.ClientConn(),
	}
}
