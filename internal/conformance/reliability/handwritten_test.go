package reliability_test

import (
	"context"
	"errors"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/conformance/way"
)

// Generated handlers decode once and call the interceptor that they are given.
// Those written by hand need not.

type unaryHandler = func(srv any, ctx context.Context, dec func(any) error, interceptor grpc.UnaryServerInterceptor) (any, error)

func TestHandlersThatCallNoInterceptorAnswerAsOnANetwork(t *testing.T) {
	t.Parallel()
	for name, handler := range map[string]unaryHandler{
		"answers": func(_ any, _ context.Context, dec func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
			in := new(wrapperspb.StringValue)
			return in, dec(in)
		},
		"fails": func(any, context.Context, func(any) error, grpc.UnaryServerInterceptor) (any, error) {
			return nil, errors.New("plain")
		},
		"times out": func(any, context.Context, func(any) error, grpc.UnaryServerInterceptor) (any, error) {
			return nil, context.DeadlineExceeded
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			network, channel := handwritten(t, handler)
			want, wantErr := call(t, network)
			got, err := call(t, channel)
			if got != want || status.Code(err) != status.Code(wantErr) || status.Convert(err).Message() != status.Convert(wantErr).Message() {
				t.Errorf("a channel answers %q, %v; a network %q, %v", got, err, want, wantErr)
			}
		})
	}
}

func TestARequestDecodedTwiceIsTwoMessages(t *testing.T) {
	t.Parallel()
	for range 2 {
		_, channel := handwritten(t, func(_ any, ctx context.Context, dec func(any) error, interceptor grpc.UnaryServerInterceptor) (any, error) {
			first, second := new(wrapperspb.BytesValue), new(wrapperspb.BytesValue)
			if err := errors.Join(dec(first), dec(second)); err != nil {
				return nil, err
			}
			first.Value[0] = 'X'
			return interceptor(ctx, second, &grpc.UnaryServerInfo{}, func(_ context.Context, req any) (any, error) { return req, nil })
		})
		reply := new(wrapperspb.BytesValue)
		if err := channel.Invoke(t.Context(), "/handwritten.Service/Unary", wrapperspb.Bytes([]byte("hello")), reply); err != nil || string(reply.Value) != "hello" {
			t.Errorf("the second message is %q, %v; want %q", reply.Value, err, "hello")
		}
	}
}

func handwritten(t *testing.T, handler unaryHandler) (network *grpc.ClientConn, channel *inprocchain.Channel) {
	desc := &grpc.ServiceDesc{
		ServiceName: "handwritten.Service",
		HandlerType: (*any)(nil),
		Methods:     []grpc.MethodDesc{{MethodName: "Unary", Handler: handler}},
	}
	server := grpc.NewServer()
	channel = inprocchain.New()
	inprocchain.MultiRegistrar(server, channel).RegisterService(desc, struct{}{})
	return way.Dial(t, server), channel
}

func call(t *testing.T, cc grpc.ClientConnInterface) (string, error) {
	reply := wrapperspb.String("before")
	err := cc.Invoke(t.Context(), "/handwritten.Service/Unary", wrapperspb.String("hello"), reply)
	if code := status.Code(err); code == codes.Internal {
		t.Errorf("%T: %v", cc, err)
	}
	return reply.Value, err
}
