package chaintest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain"
)

// broken is a channel that runs another chain than it should.
func broken(change func(inprocchain.Chain) inprocchain.Chain) side {
	return side{"in-process", func(ctx context.Context, chain inprocchain.Chain, register func(grpc.ServiceRegistrar)) (*served, error) {
		return openInProcess(ctx, change(chain), register)
	}}
}

// before and after put something on the outside and on the inside of all.
func before(opts ...inprocchain.Option) side {
	return broken(func(c inprocchain.Chain) inprocchain.Chain { return inprocchain.NewChain(append(opts, c)...) })
}

func after(opts ...inprocchain.Option) side {
	return broken(func(c inprocchain.Chain) inprocchain.Chain {
		return inprocchain.NewChain(append([]inprocchain.Option{c}, opts...)...)
	})
}

// A wrongConn makes RPCs in its own way.
type wrongConn struct {
	grpc.ClientConnInterface
	invoke func(cc grpc.ClientConnInterface, ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error
	open   func(cc grpc.ClientConnInterface, ctx context.Context, desc *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error)
}

func (c wrongConn) Invoke(ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error {
	if c.invoke == nil {
		return c.ClientConnInterface.Invoke(ctx, method, args, reply, opts...)
	}
	return c.invoke(c.ClientConnInterface, ctx, method, args, reply, opts...)
}

func (c wrongConn) NewStream(ctx context.Context, desc *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	if c.open == nil {
		return c.ClientConnInterface.NewStream(ctx, desc, method, opts...)
	}
	return c.open(c.ClientConnInterface, ctx, desc, method, opts...)
}

func through(conn wrongConn) side {
	return side{"in-process", func(_ context.Context, chain inprocchain.Chain, register func(grpc.ServiceRegistrar)) (*served, error) {
		ch := inprocchain.New(chain)
		register(ch)
		conn.ClientConnInterface = ch
		return serveChannel(conn, ch), nil
	}}
}

func unaryServer(f func(ctx context.Context, req any, next grpc.UnaryHandler) (any, error)) inprocchain.Option {
	return inprocchain.WithUnaryServerInterceptors(func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
		return f(ctx, req, next)
	})
}

func answering(err error) inprocchain.Option {
	return unaryServer(func(context.Context, any, grpc.UnaryHandler) (any, error) { return nil, err })
}

func TestCompareReportsEachKindOfDifference(t *testing.T) {
	t.Parallel()
	detailed, err := status.New(codes.NotFound, "nothing").WithDetails(wrapperspb.String("detail"))
	if err != nil {
		t.Fatal(err)
	}
	type call = func(context.Context, grpc.ClientConnInterface) error
	for _, c := range []struct {
		name  string
		side  side
		calls call
		wants []string
	}{
		{"response", after(unaryServer(func(context.Context, any, grpc.UnaryHandler) (any, error) {
			return wrapperspb.String("another"), nil
		})), callUnary("message"), []string{
			`client: event 13, outermost interceptor: returned: reply is *wrapperspb.StringValue{value:"message"} on the network, *wrapperspb.StringValue{value:"another"} in-process`,
			`server: event 7, innermost interceptor: returned: response is`,
		}},
		{"request", after(unaryServer(func(ctx context.Context, _ any, next grpc.UnaryHandler) (any, error) {
			return next(ctx, wrapperspb.String("fail"))
		})), callUnary("message"), []string{`calls returned nil on the network, *status.Error with code NotFound and message "nothing" in-process`}},
		{"code", after(answering(status.Error(codes.Aborted, "nothing"))), callUnary("fail"), []string{
			`calls returned *status.Error with code NotFound and message "nothing" on the network, *status.Error with code Aborted and message "nothing" in-process`,
			"stats End: Error is",
		}},
		{"message", after(answering(status.Error(codes.NotFound, "else"))), callUnary("fail"), []string{`message "nothing" on the network`, `message "else" in-process`}},
		{"details", after(answering(detailed.Err())), callUnary("fail"), []string{"and detail *anypb.Any{"}},
		{"type of an error", through(wrongConn{invoke: func(cc grpc.ClientConnInterface, ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error {
			return fmt.Errorf("wrapped: %w", cc.Invoke(ctx, method, args, reply, opts...))
		}}), callUnary("fail"), []string{"calls returned *status.Error with", "*fmt.wrapError"}},
		{"header", after(unaryServer(func(ctx context.Context, req any, next grpc.UnaryHandler) (any, error) {
			_ = grpc.SetHeader(ctx, metadata.Pairs("more", "1"))
			return next(ctx, req)
		})), callUnary("message"), []string{
			`innermost interceptor: returned: header is {header=["h"]} on the network, {header=["h"] more=["1"]} in-process`,
			`stats OutHeader: Header is`, `stats InHeader: Header is`,
		}},
		{"trailer", after(unaryServer(func(ctx context.Context, req any, next grpc.UnaryHandler) (any, error) {
			_ = grpc.SetTrailer(ctx, metadata.Pairs("more", "1"))
			return next(ctx, req)
		})), callUnary("message"), []string{
			`trailer is {trailer=["t"]} on the network, {more=["1"] trailer=["t"]} in-process`,
			`stats OutTrailer: Trailer is`, `stats InTrailer: Trailer is`, `stats End: Trailer is`,
		}},
		{"metadata", after(inprocchain.WithUnaryClientInterceptors(func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
			return invoker(metadata.NewOutgoingContext(ctx, nil), method, req, reply, cc, opts...)
		})), callUnary("message"), []string{`incoming metadata is {key=["value"]} on the network, {} in-process`}},
		{"no ClientConn", before(inprocchain.WithUnaryClientInterceptors(func(ctx context.Context, method string, req, reply any, _ *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
			return invoker(ctx, method, req, reply, nil, opts...)
		})), callUnary("message"), []string{"outermost interceptor: called: ClientConn is set on the network, not set in-process"}},
		{"deadline", before(inprocchain.WithUnaryClientInterceptors(func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
			ctx, cancel := context.WithTimeout(ctx, time.Minute)
			defer cancel()
			return invoker(ctx, method, req, reply, cc, opts...)
		})), callUnary("message"), []string{"server: event 5, outermost interceptor: called: deadline is not set on the network, set in-process"}},
		{"leaking context", before(unaryServer(func(ctx context.Context, req any, next grpc.UnaryHandler) (any, error) {
			return next(context.WithValue(ctx, attemptKey{}, new(attempt)), req)
		})), callUnary("message"), []string{"values of the client's context is not set on the network, set in-process"}},
		{"interceptors twice", broken(func(c inprocchain.Chain) inprocchain.Chain {
			return inprocchain.NewChain(inprocchain.WithUnaryServerInterceptors(c.UnaryServerInterceptor()), c)
		}), callUnary("message"), []string{"in-process only, event 7: outermost interceptor: called"}},
		{"no server interceptors", broken(func(c inprocchain.Chain) inprocchain.Chain {
			return inprocchain.NewChain(inprocchain.WithUnaryClientInterceptors(c.UnaryClientInterceptor()))
		}), callUnary("message"), []string{"server: on the network only, event 5: outermost interceptor: called"}},
		{"no stats", broken(func(c inprocchain.Chain) inprocchain.Chain {
			return inprocchain.NewChain(
				inprocchain.WithUnaryClientInterceptors(c.UnaryClientInterceptor()), inprocchain.WithUnaryServerInterceptors(c.UnaryServerInterceptor()))
		}), callUnary("message"), []string{"on the network only, event 3: stats TagRPC", "on the network only, event 9: stats InTrailer"}},
		{"all twice", broken(func(c inprocchain.Chain) inprocchain.Chain { return inprocchain.NewChain(c, c) }), callUnary("message"), []string{
			"on the network only, event 3: stats TagRPC", "RPC 2 of 2 in-process, is not made on the network",
		}},
		{"RPC that is not made", through(wrongConn{invoke: func(grpc.ClientConnInterface, context.Context, string, any, any, ...grpc.CallOption) error {
			return nil
		}}), callUnary("message"), []string{"/chaintest.Service/Unary, RPC 1 of 1 on the network, is not made in-process"}},
		{"RPC that is made twice", through(wrongConn{invoke: func(cc grpc.ClientConnInterface, ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error {
			return errors.Join(cc.Invoke(ctx, method, args, reply, opts...), cc.Invoke(ctx, method, args, reply, opts...))
		}}), callUnary("message"), []string{"/chaintest.Service/Unary, RPC 2 of 2 in-process, is not made on the network"}},
		{"attempt that is made twice", after(inprocchain.WithUnaryClientInterceptors(func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
			_ = invoker(ctx, method, req, reply, cc, opts...)
			return invoker(ctx, method, req, reply, cc, opts...)
		})), callUnary("message"), []string{"attempt 2: stats Begin", "server, attempt 2: in-process only"}},
		{"message of a stream", after(inprocchain.WithStreamServerInterceptors(func(srv any, ss grpc.ServerStream, _ *grpc.StreamServerInfo, next grpc.StreamHandler) error {
			return next(srv, lossy{ss, new(int)})
		})), func(ctx context.Context, cc grpc.ClientConnInterface) error {
			s, err := cc.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, bidiMethod)
			if err != nil {
				return err
			}
			for range 3 {
				_ = s.SendMsg(wrapperspb.String("message"))
			}
			_ = s.CloseSend()
			for err == nil {
				err = s.RecvMsg(new(wrapperspb.StringValue))
			}
			return nil
		}, []string{"server, sending: on the network only", "client, receiving: on the network only", "stats OutPayload"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			failures := failuresOf(t, func(t testing.TB) {
				compare(t, onNetwork, c.side, scenario{inprocchain.Chain{}, register, c.calls, time.Minute})
			})
			mustFailWith(t, failures, c.wants...)
		})
	}
}

// A lossy stream loses its second message.
type lossy struct {
	grpc.ServerStream
	sent *int
}

func (s lossy) SendMsg(m any) error {
	if *s.sent++; *s.sent == 2 {
		return nil
	}
	return s.ServerStream.SendMsg(m)
}
