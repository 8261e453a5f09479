package reliability_test

import (
	"context"
	"errors"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/conformance/way"
)

// Generated handlers decode once and call the interceptor that they are given.
// Those written by hand need not.

type unaryHandler = func(srv any, ctx context.Context, dec func(any) error, interceptor grpc.UnaryServerInterceptor) (any, error)

func TestHandwrittenHandlersAnswerAsOnANetwork(t *testing.T) {
	t.Parallel()
	for name, handler := range map[string]unaryHandler{
		"answers": func(_ any, _ context.Context, dec func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
			in := new(wrapperspb.StringValue)
			return in, dec(in)
		},
		"fails": func(any, context.Context, func(any) error, grpc.UnaryServerInterceptor) (any, error) {
			return nil, errors.New("plain")
		},
		"answers nothing": func(any, context.Context, func(any) error, grpc.UnaryServerInterceptor) (any, error) {
			return nil, nil
		},
		"cannot decode": func(_ any, _ context.Context, dec func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
			return nil, dec("a string")
		},
		"looks at the response": func(_ any, ctx context.Context, dec func(any) error, interceptor grpc.UnaryServerInterceptor) (any, error) {
			resp, err := interceptor(ctx, nil, &grpc.UnaryServerInfo{}, func(context.Context, any) (any, error) {
				return wrapperspb.String("answer"), nil
			})
			resp.(*wrapperspb.StringValue).Value += ", changed"
			return resp, err
		},
		"mends an error": func(_ any, ctx context.Context, dec func(any) error, interceptor grpc.UnaryServerInterceptor) (any, error) {
			resp, err := interceptor(ctx, nil, &grpc.UnaryServerInfo{}, func(context.Context, any) (any, error) {
				return nil, errors.New("plain")
			})
			if err != nil {
				return wrapperspb.String("mended"), nil
			}
			return resp, nil
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
		if err := channel.Invoke(t.Context(), "/hand/written.Service/Unary", wrapperspb.Bytes([]byte("hello")), reply); err != nil || string(reply.Value) != "hello" {
			t.Errorf("the second message is %q, %v; want %q", reply.Value, err, "hello")
		}
	}
}

func handwritten(t *testing.T, handler unaryHandler) (network *grpc.ClientConn, channel *inprocchain.Channel) {
	desc := &grpc.ServiceDesc{
		ServiceName: "hand/written.Service", // a network takes the last slash, too
		HandlerType: (*any)(nil),
		Methods:     []grpc.MethodDesc{{MethodName: "Unary", Handler: handler}},
	}
	// Without one a network hands nil over.
	chain := inprocchain.NewChain(inprocchain.WithUnaryServerInterceptors(
		func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
			return handler(ctx, req)
		},
	))
	server := grpc.NewServer(chain.ServerOptions()...)
	channel = inprocchain.New(chain)
	inprocchain.MultiRegistrar(server, channel).RegisterService(desc, struct{}{})
	return way.Dial(t, server), channel
}

func call(t *testing.T, cc grpc.ClientConnInterface) (string, error) {
	reply := wrapperspb.String("before")
	err := cc.Invoke(t.Context(), "/hand/written.Service/Unary", wrapperspb.String("hello"), reply)
	return reply.Value, err
}
