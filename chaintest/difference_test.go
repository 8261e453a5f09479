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

// withChain returns a channel whose chain is the result of change.
func withChain(change func(inprocchain.Chain) inprocchain.Chain) transport {
	return transport{inThisProcess, func(ctx context.Context, chain inprocchain.Chain, register func(grpc.ServiceRegistrar)) (*connection, error) {
		return openInProcess(ctx, change(chain), register)
	}}
}

// before returns a channel that runs opts before the chain.
func before(opts ...inprocchain.Option) transport {
	return withChain(func(c inprocchain.Chain) inprocchain.Chain { return inprocchain.NewChain(append(opts, c)...) })
}

// after returns a channel that runs opts after the chain.
func after(opts ...inprocchain.Option) transport {
	return withChain(func(c inprocchain.Chain) inprocchain.Chain {
		return inprocchain.NewChain(append([]inprocchain.Option{c}, opts...)...)
	})
}

// A fakeConn makes RPCs with the given functions, if they are not nil.
type fakeConn struct {
	grpc.ClientConnInterface
	invoke func(cc grpc.ClientConnInterface, ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error
	open   func(cc grpc.ClientConnInterface, ctx context.Context, desc *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error)
}

func (c fakeConn) Invoke(ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error {
	if c.invoke == nil {
		return c.ClientConnInterface.Invoke(ctx, method, args, reply, opts...)
	}
	return c.invoke(c.ClientConnInterface, ctx, method, args, reply, opts...)
}

func (c fakeConn) NewStream(ctx context.Context, desc *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	if c.open == nil {
		return c.ClientConnInterface.NewStream(ctx, desc, method, opts...)
	}
	return c.open(c.ClientConnInterface, ctx, desc, method, opts...)
}

// withConn returns a channel whose RPCs are made on conn.
func withConn(conn fakeConn) transport {
	return transport{inThisProcess, func(_ context.Context, chain inprocchain.Chain, register func(grpc.ServiceRegistrar)) (*connection, error) {
		channel := inprocchain.New(chain)
		register(channel)
		conn.ClientConnInterface = channel
		return connectTo(conn, channel), nil
	}}
}

// compareWith compares got with the network.
func compareWith(t testing.TB, got transport, calls Calls, opts ...Option) {
	c := newComparison(calls, newSettings(t, "Compare", opts, "WithCmpOptions"))
	c.transports(t, network, got, inprocchain.Chain{}, register)
}

// unaryServer returns an option with a unary server interceptor.
func unaryServer(f func(ctx context.Context, req any, next grpc.UnaryHandler) (any, error)) inprocchain.Option {
	return inprocchain.WithUnaryServerInterceptors(func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
		return f(ctx, req, next)
	})
}

// returning returns an option with an interceptor that returns err.
func returning(err error) inprocchain.Option {
	return unaryServer(func(context.Context, any, grpc.UnaryHandler) (any, error) { return nil, err })
}

func TestCompareReportsEveryKindOfDifference(t *testing.T) {
	t.Parallel()
	detailed, err := status.New(codes.NotFound, "nothing").WithDetails(wrapperspb.String("detail"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		got   transport
		calls Calls
		wants []string
	}{
		{"response", after(unaryServer(func(context.Context, any, grpc.UnaryHandler) (any, error) {
			return wrapperspb.String("another"), nil
		})), callUnary("message"), []string{
			`client: event 13, caller: returned: reply differs (-network +in-process):`,
			`-   "value": string("message"),`,
			`+   "value": string("another"),`,
			`server: event 7, innermost interceptor: returned: response differs`,
		}},
		{"request", after(unaryServer(func(ctx context.Context, _ any, next grpc.UnaryHandler) (any, error) {
			return next(ctx, wrapperspb.String("fail"))
		})), callUnary("message"), []string{`caller: returned: error is nil on the network, *status.Error with code NotFound and message "nothing" in-process`}},
		{"code", after(returning(status.Error(codes.Aborted, "nothing"))), callUnary("fail"), []string{
			`caller: returned: error is *status.Error with code NotFound and message "nothing" on the network, *status.Error with code Aborted and message "nothing" in-process`,
			"stats End: Error is",
		}},
		{"message", after(returning(status.Error(codes.NotFound, "else"))), callUnary("fail"), []string{`message "nothing" on the network`, `message "else" in-process`}},
		{"details", after(returning(detailed.Err())), callUnary("fail"), []string{"with *anypb.Any{"}},
		{"type of an error", withConn(fakeConn{invoke: func(cc grpc.ClientConnInterface, ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error {
			return fmt.Errorf("wrapped: %w", cc.Invoke(ctx, method, args, reply, opts...))
		}}), callUnary("fail"), []string{"caller: returned: error is *status.Error with", "*fmt.wrapError"}},
		{"header", after(unaryServer(func(ctx context.Context, req any, next grpc.UnaryHandler) (any, error) {
			_ = grpc.SetHeader(ctx, metadata.Pairs("more", "1"))
			return next(ctx, req)
		})), callUnary("message"), []string{
			`innermost interceptor: returned: header is {content-type=["application/grpc"] header=["h"]} on the network, {content-type=["application/grpc"] header=["h"] more=["1"]} in-process`,
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
		})), callUnary("message"), []string{`incoming metadata is {:authority=[number of values: 1] content-type=["application/grpc"] key=["value"] user-agent=`}},
		{"no ClientConn", before(inprocchain.WithUnaryClientInterceptors(func(ctx context.Context, method string, req, reply any, _ *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
			return invoker(ctx, method, req, reply, nil, opts...)
		})), callUnary("message"), []string{"innermost interceptor: called: ClientConn is set on the network, not set in-process"}},
		{"deadline", before(inprocchain.WithUnaryClientInterceptors(func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
			ctx, cancel := context.WithTimeout(ctx, time.Minute)
			defer cancel()
			return invoker(ctx, method, req, reply, cc, opts...)
		})), callUnary("message"), []string{"server: event 5, outermost interceptor: called: deadline is not set on the network, set in-process"}},
		{"leaking context", before(unaryServer(func(ctx context.Context, req any, next grpc.UnaryHandler) (any, error) {
			return next(context.WithValue(ctx, attemptKey{}, new(attempt)), req)
		})), callUnary("message"), []string{"values of the client's context is not set on the network, set in-process"}},
		{"interceptors twice", withChain(func(c inprocchain.Chain) inprocchain.Chain {
			return inprocchain.NewChain(inprocchain.WithUnaryServerInterceptors(c.UnaryServerInterceptor()), c)
		}), callUnary("message"), []string{"in-process only, event 7: outermost interceptor: called"}},
		{"no server interceptors", withChain(func(c inprocchain.Chain) inprocchain.Chain {
			return inprocchain.NewChain(inprocchain.WithUnaryClientInterceptors(c.UnaryClientInterceptor()))
		}), callUnary("message"), []string{"server: on the network only, event 5: outermost interceptor: called"}},
		{"no stats", withChain(func(c inprocchain.Chain) inprocchain.Chain {
			return inprocchain.NewChain(
				inprocchain.WithUnaryClientInterceptors(c.UnaryClientInterceptor()), inprocchain.WithUnaryServerInterceptors(c.UnaryServerInterceptor()))
		}), callUnary("message"), []string{"on the network only, event 3: stats TagRPC", "on the network only, event 9: stats InTrailer"}},
		{"whole chain twice", withChain(func(c inprocchain.Chain) inprocchain.Chain { return inprocchain.NewChain(c, c) }), callUnary("message"), []string{
			"on the network only, event 3: stats TagRPC", "in-process only, event 3: attempt 2: innermost interceptor: called",
		}},
		{"RPC that is not made", withConn(fakeConn{invoke: func(grpc.ClientConnInterface, context.Context, string, any, any, ...grpc.CallOption) error {
			return nil
		}}), callUnary("message"), []string{"client: on the network only, event 2: innermost interceptor: called"}},
		{"RPC that is made twice", withConn(fakeConn{invoke: func(cc grpc.ClientConnInterface, ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error {
			return errors.Join(cc.Invoke(ctx, method, args, reply, opts...), cc.Invoke(ctx, method, args, reply, opts...))
		}}), callUnary("message"), []string{"client: in-process only, event 13: attempt 2: innermost interceptor: called"}},
		{"RPC made only on the network", inProcess, firstAndLater(callUnary("message"), callBoth), []string{
			"/test.Service/Bidi, RPC 2 of 2 on the network, was not made in-process",
		}},
		{"RPC made only in-process", inProcess, firstAndLater(callBoth, callUnary("message")), []string{
			"/test.Service/Bidi, RPC 2 of 2 in-process, was not made on the network",
		}},
		{"interceptor that calls its invoker twice", after(inprocchain.WithUnaryClientInterceptors(func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
			_ = invoker(ctx, method, req, reply, cc, opts...)
			return invoker(ctx, method, req, reply, cc, opts...)
		})), callUnary("message"), []string{"attempt 2: stats Begin", "server, attempt 2: in-process only"}},
		{"RPC that an interceptor makes", after(inprocchain.WithUnaryClientInterceptors(func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
			if method == unaryMethod {
				_ = cc.Invoke(ctx, "/test.Service/Other", req, reply)
			}
			return invoker(ctx, method, req, reply, cc, opts...)
		})), callUnary("message"), []string{"/test.Service/Other, RPC 2 of 2 in-process, was not made on the network"}},
		{"message of a stream", after(inprocchain.WithStreamServerInterceptors(func(srv any, ss grpc.ServerStream, _ *grpc.StreamServerInfo, next grpc.StreamHandler) error {
			return next(srv, lossyStream{ss, new(int)})
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
				compareWith(t, c.got, c.calls)
			})
			mustFailWith(t, failures, c.wants...)
		})
	}
}

// firstAndLater makes the calls of first when it is called for the first time, and those
// of later afterwards.
func firstAndLater(first, later Calls) Calls {
	n := 0
	return func(ctx context.Context, cc grpc.ClientConnInterface) error {
		if n++; n == 1 {
			return first(ctx, cc)
		}
		return later(ctx, cc)
	}
}

// A lossyStream does not send its second message.
type lossyStream struct {
	grpc.ServerStream
	sent *int
}

func (s lossyStream) SendMsg(m any) error {
	if *s.sent++; *s.sent == 2 {
		return nil
	}
	return s.ServerStream.SendMsg(m)
}
