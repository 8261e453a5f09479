// Package publicotel has public uses of grpchan with otelgrpc's interceptors, each
// reduced to a miniature. The first line of each file names its source.
package publicotel

import (
	"context"

	"google.golang.org/grpc"
)

type config struct{ tracing, audit bool }

func recovered(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	return handler(ctx, req)
}

func chain(interceptors ...grpc.UnaryServerInterceptor) grpc.UnaryServerInterceptor {
	return interceptors[0]
}

func serve(conn grpc.ClientConnInterface) {}
