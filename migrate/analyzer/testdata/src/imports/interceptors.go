// Package imports has files with different imports.
package imports

import (
	"context"

	"google.golang.org/grpc"
)

func unary(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	return invoker(ctx, method, req, reply, cc, opts...)
}

func interceptors() []grpc.UnaryClientInterceptor { return nil }
