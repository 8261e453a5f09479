// Package otelgrpc declares what the test files need of the real one, in a version
// that still has interceptors.
package otelgrpc

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/stats"
)

type Option interface{}

func NewServerHandler(opts ...Option) stats.Handler { return nil }

func NewClientHandler(opts ...Option) stats.Handler { return nil }

func UnaryServerInterceptor(opts ...Option) grpc.UnaryServerInterceptor {
	return func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		return handler(ctx, req)
	}
}

func StreamServerInterceptor(opts ...Option) grpc.StreamServerInterceptor {
	return func(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		return handler(srv, ss)
	}
}

func UnaryClientInterceptor(opts ...Option) grpc.UnaryClientInterceptor {
	return func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, callOpts ...grpc.CallOption) error {
		return invoker(ctx, method, req, reply, cc, callOpts...)
	}
}

func StreamClientInterceptor(opts ...Option) grpc.StreamClientInterceptor {
	return func(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, streamer grpc.Streamer, callOpts ...grpc.CallOption) (grpc.ClientStream, error) {
		return streamer(ctx, desc, cc, method, callOpts...)
	}
}
