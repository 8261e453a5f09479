// Package interceptkept has client interceptors on in-process channels that are
// reported and not rewritten, each for the reason given.
package interceptkept

import (
	"context"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
)

func unary(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	return invoker(ctx, method, req, reply, cc, opts...)
}

func stream(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	return streamer(ctx, desc, cc, method, opts...)
}

func serve(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	return handler(ctx, req)
}

func use(grpc.ClientConnInterface) {}

func fill(*grpc.ClientConnInterface) {}

func listOf[T any](elems ...T) []T { return elems }

type embedding struct{ *inprocgrpc.Channel }

type server struct{ channel *inprocgrpc.Channel }
