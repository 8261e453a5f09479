// The program interceptnil has client interceptors that may be nil, and calls
// that cannot be rewritten in place.
package main

import (
	"context"
	"fmt"

	"github.com/fullstorydev/grpchan"
	"github.com/fullstorydev/grpchan/inprocgrpc"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/logging"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health/grpc_health_v1"
)

func main() {
	for _, u := range []grpc.UnaryClientInterceptor{nil, say("u")} {
		for _, s := range []grpc.StreamClientInterceptor{nil, sayStream} {
			call("parameters", parameters(u, s))
			call("last", last(s))
			call("fields", config{u}.fields())
			call("variable", variable(u != nil))
			call("twice in one statement", nested(u, s))
		}
		call("layers", layers(u))
		call("reordered", reordered(u))
	}
	call("result", result(1))
	call("received", received())
	call("deferred", deferred())
	call("of another package", otherPackage())
	call("reassigned", reassigned(nil))
	call("addressed", addressed())
	call("inferred", inferred()[0])
	call("in order", inOrder())
	for _, conn := range inClauses(0) {
		call("in clauses", conn)
	}
}

func call(name string, conn grpc.ClientConnInterface) {
	fmt.Println(name)
	ctx := context.Background()
	fmt.Println(conn.Invoke(ctx, "/no/method", &grpc_health_v1.HealthCheckRequest{}, nil) != nil)
	stream, err := conn.NewStream(ctx, &grpc.StreamDesc{}, "/no/method")
	if err == nil { // the in-process channel fails here, inprocchain in RecvMsg, like a network
		err = stream.RecvMsg(&grpc_health_v1.HealthCheckResponse{})
	}
	fmt.Println(err != nil)
}

func say(name string) grpc.UnaryClientInterceptor {
	return func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		fmt.Println(name)
		return invoker(ctx, method, req, reply, cc, opts...)
	}
}

func sayStream(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	fmt.Println("stream")
	return streamer(ctx, desc, cc, method, opts...)
}

func parameters(u grpc.UnaryClientInterceptor, s grpc.StreamClientInterceptor) grpc.ClientConnInterface {
	channel := &inprocgrpc.Channel{}
	conn := grpchan.InterceptClientConn(channel, u, s) // want `hides an in-process channel`
	return conn
}

func last(s grpc.StreamClientInterceptor) grpc.ClientConnInterface {
	opts := "taken"
	fmt.Println(opts)
	return grpchan.InterceptClientConn(&inprocgrpc.Channel{}, say("never nil"), s) // want `hides an in-process channel`
}

type config struct{ unary grpc.UnaryClientInterceptor }

func (c config) interceptor() grpc.UnaryClientInterceptor {
	if c.unary != nil {
		return c.unary
	}
	return nil
}

func (c config) fields() grpc.ClientConnInterface {
	list := []grpc.ClientConnInterface{grpchan.InterceptClientConn(&inprocgrpc.Channel{}, c.unary, nil)} // want `hides an in-process channel`
	return pick(list[0], grpchan.InterceptClientConn(&inprocgrpc.Channel{}, c.interceptor(), nil))       // want `hides an in-process channel`
}

func pick(_, second grpc.ClientConnInterface) grpc.ClientConnInterface { return second }

func variable(tracing bool) grpc.ClientConnInterface {
	var u grpc.UnaryClientInterceptor
	if tracing {
		u = say("traced")
	}
	// conn has a comment of its own.
	var conn = grpchan.InterceptClientConnUnary(&inprocgrpc.Channel{}, u) // want `hides an in-process channel`
	return conn
}

func nested(u grpc.UnaryClientInterceptor, s grpc.StreamClientInterceptor) grpc.ClientConnInterface {
	return pick(
		grpchan.InterceptClientConn(&inprocgrpc.Channel{}, u, nil),  // want `hides an in-process channel`
		grpchan.InterceptClientConnStream(&inprocgrpc.Channel{}, s), // want `hides an in-process channel`
	)
}

func layers(u grpc.UnaryClientInterceptor) grpc.ClientConnInterface {
	channel := &inprocgrpc.Channel{}
	conn := grpchan.InterceptClientConn(channel, say("inner"), sayStream) // want `hides an in-process channel`
	conn = grpchan.InterceptClientConn(conn, u, nil)                      // want `hides an in-process channel`
	return conn
}

func reordered(u grpc.UnaryClientInterceptor) grpc.ClientConnInterface {
	return grpchan.InterceptClientConnUnary(grpchan.InterceptClientConn(&inprocgrpc.Channel{}, u, sayStream), say("outer")) // want `hides an in-process channel`
}

func inOrder() grpc.ClientConnInterface {
	first, second := say("first"), say("second")
	return grpchan.InterceptClientConnUnary(grpchan.InterceptClientConn(&inprocgrpc.Channel{}, second, sayStream), first) // want `hides an in-process channel`
}

func result(n int) grpc.ClientConnInterface {
	conn := grpchan.InterceptClientConnUnary(&inprocgrpc.Channel{}, recursive(n), bare()) // want `hides an in-process channel`
	return conn
}

func recursive(n int) grpc.UnaryClientInterceptor {
	if n == 0 {
		return say("deepest")
	}
	return recursive(n - 1)
}

func bare() (interceptor grpc.UnaryClientInterceptor) {
	interceptor = say("bare")
	return
}

func deferred() grpc.ClientConnInterface {
	return grpchan.InterceptClientConn(&inprocgrpc.Channel{}, setToNil(), nil) // want `hides an in-process channel`
}

func setToNil() (interceptor grpc.UnaryClientInterceptor) {
	defer func() { interceptor = nil }()
	return say("never runs")
}

func received() grpc.ClientConnInterface {
	interceptors := make(chan grpc.UnaryClientInterceptor, 1)
	interceptors <- say("received")
	made := func() grpc.StreamClientInterceptor { return nil }
	return grpchan.InterceptClientConn(&inprocgrpc.Channel{}, <-interceptors, made()) // want `hides an in-process channel`
}

func otherPackage() grpc.ClientConnInterface {
	logger := logging.LoggerFunc(func(ctx context.Context, level logging.Level, msg string, fields ...any) {})
	return grpchan.InterceptClientConn(&inprocgrpc.Channel{}, logging.UnaryClientInterceptor(logger), nil) // want `hides an in-process channel`
}

func reassigned(network *grpc.ClientConn) grpc.ClientConnInterface {
	conn := grpchan.InterceptClientConn(&inprocgrpc.Channel{}, say("reassigned"), nil) // want `hides an in-process channel`
	if network != nil {
		conn = network
	}
	return conn
}

func addressed() grpc.ClientConnInterface {
	conn := grpchan.InterceptClientConn(&inprocgrpc.Channel{}, say("addressed"), nil) // want `hides an in-process channel`
	keep(&conn)
	return conn
}

func keep(*grpc.ClientConnInterface) {}

func inferred() []grpc.ClientConnInterface {
	conn := grpchan.InterceptClientConn(&inprocgrpc.Channel{}, say("inferred"), nil) // want `hides an in-process channel`
	other := conn
	for _, conn := range listOf(other) {
		call("in a list", conn)
	}
	return listOf(conn)
}

func listOf[T any](elems ...T) []T { return elems }

func inClauses(n int, us ...grpc.UnaryClientInterceptor) (conns []grpc.ClientConnInterface) {
	us = append(us, nil, say("clause"))
	for _, u := range us {
		switch n {
		case 0:
			conns = append(conns, grpchan.InterceptClientConn(&inprocgrpc.Channel{}, u, nil)) // want `hides an in-process channel`
		default:
			defer call("deferred", grpchan.InterceptClientConn(&inprocgrpc.Channel{}, u, nil)) // want `hides an in-process channel`
		}
	}
	return conns
}
