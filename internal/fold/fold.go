// Package fold combines several interceptors into one that runs them first to last,
// as chainUnaryInterceptors and the functions like it do in grpc-go's server.go and
// clientconn.go.
//
// UnaryServer, StreamServer, UnaryClient and StreamClient return nil for no
// interceptor, and the interceptor itself for one. A combined interceptor may be
// called concurrently. An interceptor in it may call its handler, invoker or streamer
// more than once, also concurrently.
package fold

import (
	"context"
	"slices"

	"google.golang.org/grpc"
)

// UnaryServer combines unary server interceptors.
func UnaryServer(interceptors []grpc.UnaryServerInterceptor) grpc.UnaryServerInterceptor {
	if len(interceptors) == 0 {
		return nil
	}
	last := len(interceptors) - 1
	combined := interceptors[last]
	for _, outer := range slices.Backward(interceptors[:last]) {
		combined = combineUnaryServer(outer, combined)
	}
	return combined
}

func combineUnaryServer(outer, inner grpc.UnaryServerInterceptor) grpc.UnaryServerInterceptor {
	return func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		return outer(ctx, req, info, func(ctx context.Context, req any) (any, error) {
			return inner(ctx, req, info, handler)
		})
	}
}

// StreamServer combines stream server interceptors.
func StreamServer(interceptors []grpc.StreamServerInterceptor) grpc.StreamServerInterceptor {
	if len(interceptors) == 0 {
		return nil
	}
	last := len(interceptors) - 1
	combined := interceptors[last]
	for _, outer := range slices.Backward(interceptors[:last]) {
		combined = combineStreamServer(outer, combined)
	}
	return combined
}

func combineStreamServer(outer, inner grpc.StreamServerInterceptor) grpc.StreamServerInterceptor {
	return func(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		return outer(srv, ss, info, func(srv any, ss grpc.ServerStream) error {
			return inner(srv, ss, info, handler)
		})
	}
}

// UnaryClient combines unary client interceptors.
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

// UnaryInvoker returns an invoker that runs the interceptors, first to last, and then
// invoker. A caller whose invoker is the same for all RPCs can call UnaryInvoker once,
// instead of once for each RPC.
func UnaryInvoker(interceptors []grpc.UnaryClientInterceptor, invoker grpc.UnaryInvoker) grpc.UnaryInvoker {
	for _, interceptor := range slices.Backward(interceptors) {
		next := invoker
		invoker = func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, opts ...grpc.CallOption) error {
			return interceptor(ctx, method, req, reply, cc, next, opts...)
		}
	}
	return invoker
}

// StreamClient combines stream client interceptors.
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

// Streamer is [UnaryInvoker] for streaming RPCs.
func Streamer(interceptors []grpc.StreamClientInterceptor, streamer grpc.Streamer) grpc.Streamer {
	for _, interceptor := range slices.Backward(interceptors) {
		next := streamer
		streamer = func(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
			return interceptor(ctx, desc, cc, method, next, opts...)
		}
	}
	return streamer
}
