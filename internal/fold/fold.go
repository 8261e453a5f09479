// Package fold makes one interceptor of several, first to last, as grpc-go
// does in server.go and clientconn.go (chainUnaryInterceptors and its kin).
//
// Each function returns nil for none and the interceptor itself for one. The
// folded interceptor may be called concurrently, and an interceptor in it may
// call on any number of times, concurrently too.
package fold

import (
	"context"
	"slices"

	"google.golang.org/grpc"
)

// UnaryServer folds unary server interceptors.
func UnaryServer(interceptors []grpc.UnaryServerInterceptor) grpc.UnaryServerInterceptor {
	if len(interceptors) == 0 {
		return nil
	}
	last := len(interceptors) - 1
	folded := interceptors[last]
	for _, outer := range slices.Backward(interceptors[:last]) {
		folded = foldedUnaryServer(outer, folded)
	}
	return folded
}

func foldedUnaryServer(outer, inner grpc.UnaryServerInterceptor) grpc.UnaryServerInterceptor {
	return func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		return outer(ctx, req, info, func(ctx context.Context, req any) (any, error) {
			return inner(ctx, req, info, handler)
		})
	}
}

// StreamServer folds stream server interceptors.
func StreamServer(interceptors []grpc.StreamServerInterceptor) grpc.StreamServerInterceptor {
	if len(interceptors) == 0 {
		return nil
	}
	last := len(interceptors) - 1
	folded := interceptors[last]
	for _, outer := range slices.Backward(interceptors[:last]) {
		folded = foldedStreamServer(outer, folded)
	}
	return folded
}

func foldedStreamServer(outer, inner grpc.StreamServerInterceptor) grpc.StreamServerInterceptor {
	return func(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		return outer(srv, ss, info, func(srv any, ss grpc.ServerStream) error {
			return inner(srv, ss, info, handler)
		})
	}
}

// UnaryClient folds unary client interceptors.
func UnaryClient(interceptors []grpc.UnaryClientInterceptor) grpc.UnaryClientInterceptor {
	switch len(interceptors) {
	case 0:
		return nil
	case 1:
		return interceptors[0]
	}
	return func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		return UnaryInvoker(interceptors, invoker)(ctx, method, req, reply, cc, opts...)
	}
}

// UnaryInvoker returns the invoker that runs the interceptors, first to last,
// and then invoker. With an invoker that is the same for all RPCs, folding
// costs nothing for each of them.
func UnaryInvoker(interceptors []grpc.UnaryClientInterceptor, invoker grpc.UnaryInvoker) grpc.UnaryInvoker {
	for _, interceptor := range slices.Backward(interceptors) {
		next := invoker
		invoker = func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, opts ...grpc.CallOption) error {
			return interceptor(ctx, method, req, reply, cc, next, opts...)
		}
	}
	return invoker
}

// StreamClient folds stream client interceptors.
func StreamClient(interceptors []grpc.StreamClientInterceptor) grpc.StreamClientInterceptor {
	switch len(interceptors) {
	case 0:
		return nil
	case 1:
		return interceptors[0]
	}
	return func(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
		return Streamer(interceptors, streamer)(ctx, desc, cc, method, opts...)
	}
}

// Streamer is to streaming RPCs what [UnaryInvoker] is to unary ones.
func Streamer(interceptors []grpc.StreamClientInterceptor, streamer grpc.Streamer) grpc.Streamer {
	for _, interceptor := range slices.Backward(interceptors) {
		next := streamer
		streamer = func(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
			return interceptor(ctx, desc, cc, method, next, opts...)
		}
	}
	return streamer
}
