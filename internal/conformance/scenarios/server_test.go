package scenarios_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain"
)

type (
	contextKey struct{}
	unaryNext  = func(ctx context.Context, req any) (any, error)
	streamNext = func(ss grpc.ServerStream) error
)

// interceptServer returns an option with a unary and a stream interceptor.
func interceptServer(unary func(ctx context.Context, req any, next unaryNext) (any, error), stream func(ss grpc.ServerStream, next streamNext) error) inprocchain.Option {
	return inprocchain.NewChain(
		inprocchain.WithUnaryServerInterceptors(func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
			return unary(ctx, req, handler)
		}),
		inprocchain.WithStreamServerInterceptors(func(srv any, ss grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
			return stream(ss, func(ss grpc.ServerStream) error { return handler(srv, ss) })
		}),
	)
}

// An editedServerStream replaces the methods of its stream whose functions are not nil.
type editedServerStream struct {
	grpc.ServerStream
	ctx        context.Context
	send, recv func(m any) error
}

func (s editedServerStream) Context() context.Context {
	if s.ctx != nil {
		return s.ctx
	}
	return s.ServerStream.Context()
}

func (s editedServerStream) SendMsg(m any) error {
	if s.send != nil {
		return s.send(m)
	}
	return s.ServerStream.SendMsg(m)
}

func (s editedServerStream) RecvMsg(m any) error {
	if s.recv != nil {
		return s.recv(m)
	}
	return s.ServerStream.RecvMsg(m)
}

func TestServerInterceptorsBehaveAsOnANetwork(t *testing.T) {
	reportContext := testService{ // responds with the value in its context
		unary: func(ctx context.Context, req *testText) (any, error) {
			return wrapperspb.String(fmt.Sprint(req.Value, ctx.Value(contextKey{}))), nil
		},
		stream: func(ss grpc.ServerStream) error {
			msg := new(testText)
			if err := ss.RecvMsg(msg); err != nil {
				return err
			}
			return ss.SendMsg(wrapperspb.String(fmt.Sprint(msg.Value, ss.Context().Value(contextKey{}))))
		},
	}
	fail := testService{
		unary:  func(context.Context, *testText) (any, error) { return nil, errors.New("failed") },
		stream: func(grpc.ServerStream) error { return errors.New("failed") },
	}
	crash := testService{
		unary:  func(context.Context, *testText) (any, error) { panic("crashed") },
		stream: func(grpc.ServerStream) error { panic("crashed") },
	}
	refusal := status.Error(codes.PermissionDenied, "refused")
	runScenarios(t, []scenario{
		{name: "refuse", code: codes.PermissionDenied, chain: []inprocchain.Option{interceptServer(
			func(context.Context, any, unaryNext) (any, error) { return nil, refusal },
			func(grpc.ServerStream, streamNext) error { return refusal },
		)}},
		{name: "refuse with metadata", code: codes.PermissionDenied, chain: []inprocchain.Option{interceptServer(
			func(ctx context.Context, _ any, _ unaryNext) (any, error) {
				_ = grpc.SetHeader(ctx, metadata.Pairs("key", "h"))
				_ = grpc.SetTrailer(ctx, metadata.Pairs("key", "t"))
				return nil, refusal
			},
			func(ss grpc.ServerStream, _ streamNext) error {
				_ = ss.SetHeader(metadata.Pairs("key", "h"))
				ss.SetTrailer(metadata.Pairs("key", "t"))
				return refusal
			},
		)}},
		{name: "respond instead of the handler", chain: []inprocchain.Option{interceptServer(
			func(context.Context, any, unaryNext) (any, error) { return wrapperspb.String("mine"), nil },
			func(ss grpc.ServerStream, _ streamNext) error { return ss.SendMsg(wrapperspb.String("mine")) },
		)}},
		{name: "change the context", serve: reportContext, chain: []inprocchain.Option{interceptServer(
			func(ctx context.Context, req any, next unaryNext) (any, error) {
				return next(context.WithValue(ctx, contextKey{}, "value"), req)
			},
			func(ss grpc.ServerStream, next streamNext) error {
				return next(editedServerStream{ServerStream: ss, ctx: context.WithValue(ss.Context(), contextKey{}, "value")})
			},
		)}},
		{name: "change the request", chain: []inprocchain.Option{interceptServer(
			func(ctx context.Context, req any, next unaryNext) (any, error) {
				req.(*testText).Value += " changed"
				return next(ctx, req)
			},
			func(ss grpc.ServerStream, next streamNext) error {
				return next(editedServerStream{ServerStream: ss, recv: func(m any) error {
					err := ss.RecvMsg(m)
					m.(*testText).Value += " changed"
					return err
				}})
			},
		)}},
		{name: "change the response", chain: []inprocchain.Option{interceptServer(
			func(ctx context.Context, req any, next unaryNext) (any, error) {
				_, err := next(ctx, req)
				return wrapperspb.String("another"), err
			},
			func(ss grpc.ServerStream, next streamNext) error {
				return next(editedServerStream{ServerStream: ss, send: func(any) error { return ss.SendMsg(wrapperspb.String("another")) }})
			},
		)}},
		{name: "read and change the error", serve: fail, code: codes.Aborted, chain: []inprocchain.Option{interceptServer(
			func(ctx context.Context, req any, next unaryNext) (any, error) {
				resp, err := next(ctx, req)
				return resp, status.Errorf(codes.Aborted, "%T: %v", err, err)
			},
			func(ss grpc.ServerStream, next streamNext) error {
				err := next(ss)
				return status.Errorf(codes.Aborted, "%T: %v", err, err)
			},
		)}},
		{name: "recover", serve: crash, code: codes.Internal, chain: []inprocchain.Option{interceptServer(
			func(ctx context.Context, req any, next unaryNext) (_ any, err error) {
				defer func() { err = status.Errorf(codes.Internal, "recovered: %v", recover()) }()
				return next(ctx, req)
			},
			func(ss grpc.ServerStream, next streamNext) (err error) {
				defer func() { err = status.Errorf(codes.Internal, "recovered: %v", recover()) }()
				return next(ss)
			},
		)}},
		{name: "call twice", serve: reportContext, chain: []inprocchain.Option{interceptServer(
			func(ctx context.Context, req any, next unaryNext) (any, error) {
				_, _ = next(ctx, req)
				return next(ctx, req)
			},
			func(ss grpc.ServerStream, next streamNext) error {
				return next(ss)
			},
		)}},
		{name: "receive and send instead of the handler", chain: []inprocchain.Option{interceptServer(
			func(ctx context.Context, req any, next unaryNext) (any, error) { return next(ctx, req) },
			func(ss grpc.ServerStream, next streamNext) error {
				first := new(testText)
				if err := ss.RecvMsg(first); err != nil {
					return err
				}
				if err := next(editedServerStream{ServerStream: ss, send: func(any) error { return nil }}); err != nil {
					return err
				}
				return ss.SendMsg(first)
			},
		)}},
	}, callEveryKind)
}

// callEveryKind makes a scenario without calls make one RPC of each kind.
func callEveryKind(s *scenario) {
	if s.calls == nil {
		s.calls = func(ctx context.Context, call testCaller) error { return call.all(ctx) }
	}
}
