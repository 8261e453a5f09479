// The program intercept puts client interceptors on an in-process channel in every way that is rewritten in place.
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
	ctx := context.Background()
	resp, err := both().Check(ctx, &grpc_health_v1.HealthCheckRequest{})
	fmt.Println("both:", resp.GetStatus(), err)
	fmt.Println("on lines:", onLines(ctx) != nil)

	one, other := variadic([]grpc.StreamClientInterceptor{stream})
	first, second := dotted()
	conns := map[string][]grpc.ClientConnInterface{
		"one":      {unaryOnly(), streamOnly(), parenthesized(), interceptorInVariable(), atTop},
		"more":     {one, other, nested(), exclusive(true), exclusive(false)},
		"by place": append(append(inLiterals(), inPlaces(make(chan grpc.ClientConnInterface, 1))...), perPass([]string{"a", "b"})...),
		"by name":  {inBox(), underTwoNames(), renamed(), alias(), first, second, stays(), dottedStays(grpchan.HandlerMap{})},
	}
	for _, name := range []string{"one", "more", "by place", "by name"} {
		for i, conn := range conns[name] {
			fmt.Println(name, i)
			fmt.Println(conn.Invoke(ctx, "/no/method", &grpc_health_v1.HealthCheckRequest{}, nil) != nil)
			stream, err := conn.NewStream(ctx, &grpc.StreamDesc{}, "/no/method")
			if err == nil { // a network tells of it later
				err = stream.RecvMsg(&grpc_health_v1.HealthCheckResponse{})
			}
			fmt.Println(err != nil)
		}
	}
}

func unary(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	fmt.Println("unary")
	return invoker(ctx, method, req, reply, cc, opts...)
}

func stream(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	fmt.Println("stream")
	return streamer(ctx, desc, cc, method, opts...)
}

func named() grpc.UnaryClientInterceptor { return unary }

func both() grpc_health_v1.HealthClient {
	channel := &inprocgrpc.Channel{}
	grpc_health_v1.RegisterHealthServer(channel, health.NewServer())
	return grpc_health_v1.NewHealthClient(grpchan.InterceptClientConn(channel, unary, stream)) // want `grpchan.InterceptClientConn hides an in-process channel behind a wrapper, and its interceptors do not run for RPCs on the channel itself`
}

func unaryOnly() grpc.ClientConnInterface {
	channel := new(inprocgrpc.Channel)
	return grpchan.InterceptClientConn(channel, unary, nil) // want `hides an in-process channel`
}

func streamOnly() grpchan.Channel {
	var channel inprocgrpc.Channel
	grpc_health_v1.RegisterHealthServer(&channel, health.NewServer())
	fmt.Println("services:", len(channel.GetServiceInfo()))
	return grpchan.InterceptChannel(&channel, nil, stream) // want `grpchan.InterceptChannel hides an in-process channel`
}

func variadic(more []grpc.StreamClientInterceptor) (grpc.ClientConnInterface, grpc.ClientConnInterface) {
	one := grpchan.InterceptClientConnUnary(&inprocgrpc.Channel{}, unary, named()) // want `grpchan.InterceptClientConnUnary hides an in-process channel`
	return one, grpchan.InterceptClientConnStream(&inprocgrpc.Channel{}, more...)  // want `grpchan.InterceptClientConnStream hides an in-process channel`
}

func nested() grpc.ClientConnInterface {
	channel := &inprocgrpc.Channel{}
	return grpchan.InterceptClientConnStream(grpchan.InterceptClientConnUnary(channel, unary), stream, stream) // want `grpchan.InterceptClientConnStream hides an in-process channel`
}

func parenthesized() grpc.ClientConnInterface {
	return (grpchan.InterceptClientConn)((&inprocgrpc.Channel{}), (unary), (nil)) // want `hides an in-process channel`
}

func onLines(ctx context.Context) error {
	channel := &inprocgrpc.Channel{}
	conn := grpchan.InterceptClientConn( // want `hides an in-process channel`
		channel, // made above
		func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
			// passes the request on
			return invoker(ctx, method, req, reply, cc, opts...)
		},
		nil,
	)
	if conn == nil {
		return nil
	}
	return conn.Invoke(ctx, "/no/method", &grpc_health_v1.HealthCheckRequest{}, nil)
}

type server struct{ conn grpc.ClientConnInterface }

func inPlaces(conns chan<- grpc.ClientConnInterface) []grpc.ClientConnInterface {
	s := &server{conn: grpchan.InterceptClientConn(&inprocgrpc.Channel{}, unary, nil)}                                      // want `hides an in-process channel`
	s.conn = grpchan.InterceptClientConn(&inprocgrpc.Channel{}, nil, stream)                                                // want `hides an in-process channel`
	conns <- grpchan.InterceptClientConn(&inprocgrpc.Channel{}, unary, nil)                                                 // want `hides an in-process channel`
	byName := map[string]grpc.ClientConnInterface{"a": grpchan.InterceptClientConn(&inprocgrpc.Channel{}, unary, nil)}      // want `hides an in-process channel`
	byName["b"] = grpc.ClientConnInterface(grpchan.InterceptClientConn(&inprocgrpc.Channel{}, unary, nil))                  // want `hides an in-process channel`
	list := append([]grpc.ClientConnInterface{server{grpchan.InterceptClientConn(&inprocgrpc.Channel{}, unary, nil)}.conn}) // want `hides an in-process channel`
	return append(list, byName["b"], s.conn)
}

func exclusive(tracing bool) grpc.ClientConnInterface {
	if tracing {
		channel := &inprocgrpc.Channel{}
		var conn = grpchan.InterceptClientConn(channel, unary, stream) // want `hides an in-process channel`
		return conn
	}
	var conn grpc.ClientConnInterface
	conn = grpchan.InterceptClientConn(&inprocgrpc.Channel{}, nil, stream) // want `hides an in-process channel`
	return conn
}

func perPass(names []string) (conns []grpc.ClientConnInterface) {
	for range names {
		channel := &inprocgrpc.Channel{}
		conns = append(conns, grpchan.InterceptClientConn(channel, unary, nil)) // want `hides an in-process channel`
	}
	return conns
}

func interceptorInVariable() grpc.ClientConnInterface {
	u := named()
	traced := grpc.UnaryClientInterceptor(func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		return u(ctx, method, req, reply, cc, invoker, opts...)
	})
	return grpchan.InterceptClientConnUnary(&inprocgrpc.Channel{}, traced) // want `hides an in-process channel`
}

var atTop grpc.ClientConnInterface = grpchan.InterceptClientConn(&inprocgrpc.Channel{}, unary, nil) // want `hides an in-process channel`
