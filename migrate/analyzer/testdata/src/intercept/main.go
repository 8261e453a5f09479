// The program intercept puts client interceptors on an in-process channel in every way that is rewritten.
package main

import (
	"context"
	"fmt"

	"github.com/fullstorydev/grpchan"
	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
)

func main() {
	for _, conn := range []grpc.ClientConnInterface{both(), onlyStream(), several(), nested(), layered(), layeredAsInterface(false), layerUnderCondition(true), made(), exclusive(true), inField().conn, renamed()} {
		_, err := grpc_health_v1.NewHealthClient(conn).Check(context.Background(), &grpc_health_v1.HealthCheckRequest{})
		fmt.Println("unary", err == nil)
		_, err = grpc_health_v1.NewHealthClient(conn).Watch(context.Background(), &grpc_health_v1.HealthCheckRequest{})
		fmt.Println("stream", err == nil)
	}
}

func unary(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	fmt.Println("unary interceptor")
	return invoker(ctx, method, req, reply, cc, opts...)
}

func stream(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	fmt.Println("stream interceptor")
	return streamer(ctx, desc, cc, method, opts...)
}

type named string

func (n named) unary(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	fmt.Println(n)
	return invoker(ctx, method, req, reply, cc, opts...)
}

func withName(name string) grpc.UnaryClientInterceptor { return named(name).unary }

func newChannel() *inprocgrpc.Channel { return &inprocgrpc.Channel{} }

func both() grpc.ClientConnInterface {
	channel := &inprocgrpc.Channel{}
	grpc_health_v1.RegisterHealthServer(channel, health.NewServer())
	return grpchan.InterceptClientConn(channel, unary, stream) // want `grpchan.InterceptClientConn hides an in-process channel behind a wrapper, and its interceptors do not run for RPCs on the channel itself; pass the interceptors to inprocchain.New or inprocchain.Wrap`
}

func onlyStream() grpchan.Channel {
	channel := new(inprocgrpc.Channel)
	grpc_health_v1.RegisterHealthServer(channel, health.NewServer())
	return grpchan.InterceptChannel(channel, nil, stream) // want `grpchan.InterceptChannel hides an in-process channel`
}

func several() grpc.ClientConnInterface {
	var channel *inprocgrpc.Channel = &inprocgrpc.Channel{}
	grpc_health_v1.RegisterHealthServer(channel, health.NewServer())
	more := []grpc.UnaryClientInterceptor{named("more").unary}
	conn := grpchan.InterceptClientConnUnary(channel, more...) // want `grpchan.InterceptClientConnUnary hides an in-process channel`
	return conn
}

func nested() grpc.ClientConnInterface {
	channel := &inprocgrpc.Channel{}
	grpc_health_v1.RegisterHealthServer(channel, health.NewServer())
	conn := grpchan.InterceptClientConn(grpchan.InterceptClientConnUnary(channel, named("inner").unary, named("innermost").unary), named("outer").unary, stream) // want `hides an in-process channel`
	return conn
}

func layered() grpc.ClientConnInterface {
	channel := &inprocgrpc.Channel{}
	grpc_health_v1.RegisterHealthServer(channel, health.NewServer())
	inner := named("inner")
	conn := grpchan.InterceptClientConn(channel, inner.unary, stream) // want `hides an in-process channel`
	outer := withName("outer")
	conn = grpchan.InterceptClientConnUnary(conn, outer) // want `grpchan.InterceptClientConnUnary hides an in-process channel`
	return conn
}

func layeredAsInterface(remote bool) grpc.ClientConnInterface {
	channel := &inprocgrpc.Channel{}
	grpc_health_v1.RegisterHealthServer(channel, health.NewServer())
	conn := grpchan.InterceptClientConnStream(channel, stream)                             // want `hides an in-process channel`
	conn = grpchan.InterceptClientConn(conn, withName("unary in a layer"), nil)            // want `hides an in-process channel`
	conns := map[bool]grpc.ClientConnInterface{false: conn, true: (*grpc.ClientConn)(nil)} // not an argument, a return value or an assignment
	return conns[remote]
}

func layerUnderCondition(retry bool) grpc.ClientConnInterface {
	channel := &inprocgrpc.Channel{}
	grpc_health_v1.RegisterHealthServer(channel, health.NewServer())
	conn := grpchan.InterceptClientConn(channel, unary, nil) // want `hides an in-process channel`
	if retry {
		conn = grpchan.InterceptClientConn(conn, unary, nil) // want `not rewritten: it adds a layer to a connection; pass its interceptors, before the others, to the call that makes the connection`
	}
	return conn
}

func made() grpc.ClientConnInterface {
	channel := &inprocgrpc.Channel{}
	grpc_health_v1.RegisterHealthServer(channel, health.NewServer())
	conn := /* want `hides an in-process channel` */ grpchan.InterceptClientConn(
		channel,
		func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
			fmt.Println("literal")
			return invoker(ctx, method, req, reply, cc, opts...)
		},
		nil,
	)
	return conn
}

func exclusive(tracing bool) grpc.ClientConnInterface {
	channel := &inprocgrpc.Channel{}
	var conn grpc.ClientConnInterface
	if tracing {
		conn = grpchan.InterceptClientConn(channel, unary, nil) // want `hides an in-process channel`
	}
	grpc_health_v1.RegisterHealthServer(channel, health.NewServer())
	return conn
}

type server struct{ conn grpc.ClientConnInterface }

func inField() *server {
	channel := &inprocgrpc.Channel{}
	grpc_health_v1.RegisterHealthServer(channel, health.NewServer())
	return &server{conn: grpchan.InterceptClientConn(channel, withName("call"), stream)} // want `hides an in-process channel`
}
