// Package audit has the same name as another package of the tests.
package audit

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/stats"
)

// Unary returns an interceptor that changes nothing.
//
//go:noinline
func Unary() grpc.UnaryServerInterceptor {
	return func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		return handler(ctx, req)
	}
}

// Inlined is like Unary, but the compiler inlines it.
func Inlined() grpc.UnaryServerInterceptor {
	return func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		return handler(ctx, req)
	}
}

// A Handler is a stats handler.
type Handler struct{ stats.Handler }
