package scenarios_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain"
)

// interceptClient returns an option with a unary and a stream interceptor.
func interceptClient(
	unary func(ctx context.Context, req, reply any, next func(context.Context, any) error) error,
	stream func(ctx context.Context, next func(context.Context) (grpc.ClientStream, error)) (grpc.ClientStream, error),
) inprocchain.Option {
	return inprocchain.NewChain(
		inprocchain.WithUnaryClientInterceptors(func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
			return unary(ctx, req, reply, func(ctx context.Context, req any) error { return invoker(ctx, method, req, reply, cc, opts...) })
		}),
		inprocchain.WithStreamClientInterceptors(func(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
			return stream(ctx, func(ctx context.Context) (grpc.ClientStream, error) { return streamer(ctx, desc, cc, method, opts...) })
		}),
	)
}

// An editedClientStream replaces the methods of its stream whose functions are not nil.
type editedClientStream struct {
	grpc.ClientStream
	send, recv func(m any) error
}

func (s editedClientStream) SendMsg(m any) error {
	if s.send != nil {
		return s.send(m)
	}
	return s.ClientStream.SendMsg(m)
}

func (s editedClientStream) RecvMsg(m any) error {
	if s.recv != nil {
		return s.recv(m)
	}
	return s.ClientStream.RecvMsg(m)
}

func TestClientInterceptorsBehaveAsOnANetwork(t *testing.T) {
	type (
		invoke = func(context.Context, any) error
		open   = func(context.Context) (grpc.ClientStream, error)
	)
	refusal := status.Error(codes.PermissionDenied, "refused")
	fail := testService{
		unary:  func(context.Context, *testText) (any, error) { return nil, status.Error(codes.NotFound, "nothing") },
		stream: func(grpc.ServerStream) error { return status.Error(codes.NotFound, "nothing") },
	}
	add := func(ctx context.Context) context.Context {
		return metadata.AppendToOutgoingContext(ctx, "added", "value")
	}
	runScenarios(t, []scenario{
		{name: "refuse", code: codes.PermissionDenied, chain: []inprocchain.Option{interceptClient(
			func(context.Context, any, any, invoke) error { return refusal },
			func(context.Context, open) (grpc.ClientStream, error) { return nil, refusal },
		)}},
		{name: "refuse with a plain error", code: codes.Unknown, chain: []inprocchain.Option{interceptClient(
			func(context.Context, any, any, invoke) error { return io.ErrNoProgress },
			func(context.Context, open) (grpc.ClientStream, error) { return nil, io.ErrNoProgress },
		)}},
		{name: "change the context", chain: []inprocchain.Option{interceptClient(
			func(ctx context.Context, req, _ any, next invoke) error { return next(add(ctx), req) },
			func(ctx context.Context, next open) (grpc.ClientStream, error) { return next(add(ctx)) },
		)}},
		{name: "change the request", chain: []inprocchain.Option{interceptClient(
			func(ctx context.Context, _, _ any, next invoke) error { return next(ctx, wrapperspb.String("another")) },
			func(ctx context.Context, next open) (grpc.ClientStream, error) {
				s, err := next(ctx)
				return editedClientStream{ClientStream: s, send: func(any) error { return s.SendMsg(wrapperspb.String("another")) }}, err
			},
		)}},
		{name: "change the reply", chain: []inprocchain.Option{interceptClient(
			func(ctx context.Context, req, reply any, next invoke) error {
				err := next(ctx, req)
				reply.(*testText).Value += " changed"
				return err
			},
			func(ctx context.Context, next open) (grpc.ClientStream, error) {
				s, err := next(ctx)
				return editedClientStream{ClientStream: s, recv: func(m any) error {
					err := s.RecvMsg(m)
					m.(*testText).Value += " changed"
					return err
				}}, err
			},
		)}},
		{name: "change the error", serve: fail, code: codes.Aborted, chain: []inprocchain.Option{interceptClient(
			func(ctx context.Context, req, _ any, next invoke) error {
				return status.Errorf(codes.Aborted, "was: %v", next(ctx, req))
			},
			func(ctx context.Context, next open) (grpc.ClientStream, error) {
				s, err := next(ctx)
				return editedClientStream{ClientStream: s, recv: func(m any) error {
					return status.Errorf(codes.Aborted, "was: %v", s.RecvMsg(m))
				}}, err
			},
		)}},
		{name: "hide the error", serve: fail, chain: []inprocchain.Option{interceptClient(
			func(ctx context.Context, req, _ any, next invoke) error { _ = next(ctx, req); return nil },
			func(ctx context.Context, next open) (grpc.ClientStream, error) {
				s, err := next(ctx)
				hidden := false
				return editedClientStream{ClientStream: s, recv: func(m any) error {
					if err := s.RecvMsg(m); err == nil || hidden {
						return io.EOF
					}
					hidden = true
					return nil
				}}, err
			},
		)}},
		{name: "call twice", chain: []inprocchain.Option{interceptClient(
			func(ctx context.Context, req, _ any, next invoke) error {
				return errors.Join(next(ctx, req), next(ctx, req))
			},
			func(ctx context.Context, next open) (grpc.ClientStream, error) {
				first, cancel := context.WithCancel(ctx)
				s, err := next(first)
				cancel() // The first stream is abandoned.
				if err != nil {
					return nil, err
				}
				<-s.Context().Done()
				return next(ctx)
			},
		)}},
		{name: "retry", serve: fail, code: codes.NotFound, chain: []inprocchain.Option{interceptClient(
			func(ctx context.Context, req, _ any, next invoke) error {
				var err error
				for attempt := range 3 {
					err = next(metadata.AppendToOutgoingContext(ctx, "attempt", fmt.Sprint(attempt)), req)
				}
				return err
			},
			func(ctx context.Context, next open) (grpc.ClientStream, error) { return next(ctx) },
		)}},
	}, callEveryKind)
}
