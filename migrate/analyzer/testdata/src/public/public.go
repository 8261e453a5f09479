// Package public has public uses of grpchan, each reduced to a miniature. The
// first line of each file names its source.
package public

import (
	"context"

	"google.golang.org/grpc"
)

// The files share what their sources import.

func authenticate(name string) grpc.UnaryServerInterceptor {
	return func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		return handler(context.WithValue(ctx, key{}, name), req)
	}
}

func authenticateStream(name string) grpc.StreamServerInterceptor {
	return func(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		return handler(srv, ss)
	}
}

type key struct{}

func chainUnary(interceptors ...grpc.UnaryServerInterceptor) grpc.UnaryServerInterceptor {
	return interceptors[0]
}

func chainStream(interceptors ...grpc.StreamServerInterceptor) grpc.StreamServerInterceptor {
	return interceptors[0]
}

// clientAuth has interceptors that add a token.
type clientAuth struct{ audience []string }

func newClientAuth(audience ...string) (*clientAuth, error) { return &clientAuth{audience}, nil }

func (a *clientAuth) unary(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	return invoker(ctx, method, req, reply, cc, opts...)
}

func (a *clientAuth) stream(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	return streamer(ctx, desc, cc, method, opts...)
}

type storeClient struct{ cc grpc.ClientConnInterface }

func newStoreClient(cc grpc.ClientConnInterface) *storeClient { return &storeClient{cc} }
