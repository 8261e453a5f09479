// Package interceptkept has calls that are reported, but not rewritten.
package interceptkept

import (
	"context"
	"fmt"

	"github.com/fullstorydev/grpchan"
	"github.com/fullstorydev/grpchan/inprocgrpc"
	"github.com/inprocchain/inprocchain"
	"google.golang.org/grpc"
)

func unary(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	return invoker(ctx, method, req, reply, cc, opts...)
}

func maybe(ok bool) grpc.UnaryClientInterceptor {
	if ok {
		return unary
	}
	return nil
}

func stream() (s grpc.StreamClientInterceptor) {
	defer func() { s = nil }()
	return func(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
		return streamer(ctx, desc, cc, method, opts...)
	}
}

func serve(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	return handler(ctx, req)
}

// The channel may be configured, or may be wrapped more than once.

func parameter(channel *inprocgrpc.Channel) grpc.ClientConnInterface {
	return grpchan.InterceptClientConn(channel, unary, nil) // want `not rewritten: the channel may already be configured, and then inprocchain.Wrap panics`
}

var atTop = &inprocgrpc.Channel{}

func ofThePackage() grpc.ClientConnInterface {
	return grpchan.InterceptClientConn(atTop, unary, nil) // want `not rewritten: the channel may already be configured`
}

func assignedAgain(other *inprocgrpc.Channel) grpc.ClientConnInterface {
	channel := &inprocgrpc.Channel{}
	channel = other
	return grpchan.InterceptClientConn(channel, unary, nil) // want `not rewritten: the channel may already be configured`
}

func configured() grpc.ClientConnInterface {
	channel := &inprocgrpc.Channel{}
	channel.WithServerUnaryInterceptor(serve)
	return grpchan.InterceptClientConn(channel, unary, nil) // want `not rewritten: the channel is configured \(kept.go:56\), so inprocchain.Wrap would panic; pass everything to one inprocchain.New`
}

func goesElsewhere() grpc.ClientConnInterface {
	channel := &inprocgrpc.Channel{}
	fmt.Println(channel)
	return grpchan.InterceptClientConn(channel, unary, nil) // want `not rewritten: the channel may be configured elsewhere \(kept.go:62\), and then inprocchain.Wrap panics`
}

func twice() (one, other grpc.ClientConnInterface) {
	channel := &inprocgrpc.Channel{}
	one = grpchan.InterceptClientConn(channel, unary, nil)                                                       // want `not rewritten: the channel is intercepted more than once`
	return one, grpchan.InterceptClientConn(channel, func() grpc.UnaryClientInterceptor { return unary }(), nil) // want `not rewritten: the channel is intercepted more than once`
}

func inLoop(names []string) (conns []grpc.ClientConnInterface) {
	channel := &inprocgrpc.Channel{}
	for range names {
		conns = append(conns, grpchan.InterceptClientConn(channel, unary, nil)) // want `not rewritten: this may run more than once for one channel`
	}
	return conns
}

// An interceptor may be nil.

func optional(u grpc.UnaryClientInterceptor) (grpc.ClientConnInterface, grpc.ClientConnInterface, grpc.ClientConnInterface) {
	return grpchan.InterceptClientConn(&inprocgrpc.Channel{}, u, nil), // want `not rewritten: an interceptor may be nil, which inprocchain.Wrap rejects`
		grpchan.InterceptClientConn(&inprocgrpc.Channel{}, maybe(true), nil), // want `not rewritten: an interceptor may be nil`
		grpchan.InterceptClientConn(&inprocgrpc.Channel{}, nil, stream()) // want `not rewritten: an interceptor may be nil`
}

// The result needs its type.

func asserted() grpc.ClientConnInterface {
	conn := grpchan.InterceptClientConn(&inprocgrpc.Channel{}, unary, nil) // want `not rewritten: its result is used in a way that might not compile, or might behave differently, with an \*inprocchain.Channel`
	return conn.(grpchan.WrappedClientConn).Unwrap()
}

func sent(conns chan grpc.ClientConnInterface) {
	conns <- grpchan.InterceptClientConn(&inprocgrpc.Channel{}, unary, nil)                  // want `not rewritten: its result is used`
	if conn := grpchan.InterceptClientConn(&inprocgrpc.Channel{}, unary, nil); conn != nil { // want `not rewritten: its result is used`
		_ = same(grpchan.InterceptClientConn(&inprocgrpc.Channel{}, unary, nil)) // want `not rewritten: its result is used`
	}
}

func same[T any](t T) T { return t }

// Several layers cannot become one call.

func differentOrder() grpc.ClientConnInterface {
	return grpchan.InterceptClientConnUnary(grpchan.InterceptClientConnUnary(&inprocgrpc.Channel{}, always("a")), always("b")) // want `not rewritten: the nested calls evaluate their interceptors in a different order`
}

func always(string) grpc.UnaryClientInterceptor { return unary }

func usedBetween() grpc.ClientConnInterface {
	conn := grpchan.InterceptClientConn(&inprocgrpc.Channel{}, unary, nil) // want `not rewritten: the result is used before another layer is added to it`
	fmt.Println(conn)
	conn = grpchan.InterceptClientConn(conn, unary, nil) // want `not rewritten: it adds a layer`
	return conn
}

func evaluatedLater() grpc.ClientConnInterface {
	conn := grpchan.InterceptClientConn(&inprocgrpc.Channel{}, always("a"), nil) // want `not rewritten: another layer is added to the result, and the interceptors would be evaluated later`
	conn = grpchan.InterceptClientConn(conn, unary, nil)                         // want `not rewritten: it adds a layer`
	return conn
}

func assignedBetween() grpc.ClientConnInterface {
	interceptor := unary
	conn := grpchan.InterceptClientConn(&inprocgrpc.Channel{}, interceptor, nil) // want `not rewritten: another layer is added to the result, and interceptor is assigned before`
	interceptor = func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		return nil
	}
	conn = grpchan.InterceptClientConn(conn, interceptor, nil) // want `not rewritten: it adds a layer`
	return conn
}

func onMigrated() grpc.ClientConnInterface {
	channel := inprocchain.New()
	return grpchan.InterceptClientConn(channel, unary, nil) // want `hides an in-process channel.*not rewritten: it adds a layer to a connection`
}

// The source would not be right.

func commented() grpc.ClientConnInterface {
	return grpchan.InterceptClientConn(&inprocgrpc.Channel{}, unary /* logs */, nil) // want `not rewritten: a comment would be lost`
}

func shadowed() grpc.ClientConnInterface {
	inprocchain := &inprocgrpc.Channel{}
	return grpchan.InterceptClientConn(inprocchain, unary, nil) // want `not rewritten: the name inprocchain is used for something else`
}
