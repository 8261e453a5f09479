// Package clientconn has client interceptors that use their *grpc.ClientConn.
package clientconn

import (
	"context"

	"github.com/fullstorydev/grpchan"
	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health/grpc_health_v1"
)

func target(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	println(cc.Target())
	return invoker(ctx, method, req, reply, cc, opts...)
}

func streamTarget(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	health := grpc_health_v1.NewHealthClient(cc)
	if _, err := health.Check(ctx, nil); err != nil {
		return nil, err
	}
	return streamer(ctx, desc, cc, method, opts...)
}

func passesOn(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	return invoker(ctx, method, req, reply, cc, opts...)
}

func looksFirst(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	if cc != nil {
		println(cc.Target())
	}
	return invoker(ctx, method, req, reply, cc, opts...)
}

type tracer struct{ name string }

func (t *tracer) intercept(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	println(t.name, cc.Target())
	return invoker(ctx, method, req, reply, cc, opts...)
}

func (t *tracer) interceptor() grpc.UnaryClientInterceptor {
	return func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		return t.intercept(ctx, method+cc.Target(), req, reply, cc, invoker, opts...)
	}
}

func chain(interceptors ...grpc.UnaryClientInterceptor) grpc.UnaryClientInterceptor {
	return interceptors[0]
}

func inProcess(channel *inprocgrpc.Channel, t *tracer) {
	use(grpchan.InterceptClientConn(channel, // want `hides an in-process channel`
		target,       // want `this interceptor uses its \*grpc.ClientConn \(rows.go:14\), which is nil here, so the RPC panics: grpchan passes nil for an in-process channel; inprocchain.New and inprocchain.Wrap pass a real one`
		streamTarget, // want `uses its \*grpc.ClientConn \(rows.go:19\)`
	))
	use(grpchan.InterceptClientConnUnary(channel, // want `hides an in-process channel`
		passesOn,
		t.intercept,             // want `uses its \*grpc.ClientConn \(rows.go:40\)`
		t.interceptor(),         // want `uses its \*grpc.ClientConn \(rows.go:46\)`
		chain(passesOn, target), // want `uses its \*grpc.ClientConn \(rows.go:14\)`
		grpc.UnaryClientInterceptor(looksFirst),
		func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error { // want `uses its \*grpc.ClientConn \(rows.go:66\)`
			return cc.Invoke(ctx, method, req, reply, opts...)
		},
	))
	interceptors := []grpc.UnaryClientInterceptor{passesOn, target}
	use(grpchan.InterceptClientConnUnary(channel, interceptors...)) // want `hides an in-process channel` `uses its \*grpc.ClientConn \(rows.go:14\)`
}

func use(grpc.ClientConnInterface) {}

func network(conn *grpc.ClientConn, either grpc.ClientConnInterface) {
	use(grpchan.InterceptClientConn(conn, target, streamTarget))
	use(grpchan.InterceptClientConn(either, target, streamTarget))
}

func loop(n int) grpc.UnaryClientInterceptor { return loop(n - 1) }

func unnamedConn(ctx context.Context, method string, req, reply any, _ *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	return invoker(ctx, method, req, reply, nil, opts...)
}

func twice(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	_ = cc
	println(cc.Target())
	println(cc.Target())
	return invoker(ctx, method, req, reply, cc, opts...)
}

func noResult() (interceptor grpc.UnaryClientInterceptor) { return }

func more(channel *inprocgrpc.Channel, names map[string]grpc.UnaryClientInterceptor) {
	var late grpc.UnaryClientInterceptor
	late = func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		return late(ctx, method, req, reply, cc, invoker, opts...)
	}
	late = chain(late)
	use(grpchan.InterceptClientConnUnary(channel, // want `hides an in-process channel`
		loop(1), unnamedConn, noResult(), late, names["a"],
		twice, // want `uses its \*grpc.ClientConn \(rows.go:88\)`
	))
}
