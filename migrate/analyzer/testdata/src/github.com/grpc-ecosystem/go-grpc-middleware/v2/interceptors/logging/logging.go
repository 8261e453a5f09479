// Package logging declares what the test files need of the real one. Like the real
// one, it returns interceptors that another function makes.
package logging

import (
	"context"

	"google.golang.org/grpc"
)

type (
	Level  int
	Option func()
	Logger interface {
		Log(ctx context.Context, level Level, msg string, fields ...any)
	}
	LoggerFunc func(ctx context.Context, level Level, msg string, fields ...any)
)

func (f LoggerFunc) Log(ctx context.Context, level Level, msg string, fields ...any) {
	f(ctx, level, msg, fields...)
}

func UnaryClientInterceptor(logger Logger, opts ...Option) grpc.UnaryClientInterceptor {
	return intercepted(logger)
}

func intercepted(logger Logger) grpc.UnaryClientInterceptor {
	return func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		return invoker(ctx, method, req, reply, cc, opts...)
	}
}

func UnaryServerInterceptor(logger Logger, opts ...Option) grpc.UnaryServerInterceptor {
	return func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		return handler(ctx, req)
	}
}
