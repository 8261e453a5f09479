// Package twice gives servers otelgrpc as an interceptor and as a stats handler.
package twice

import (
	"context"

	"github.com/inprocchain/inprocchain"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"google.golang.org/grpc"
)

func recovered(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	return handler(ctx, req)
}

// inLists is Flipt on the way to version 2.
func inLists() *grpc.Server {
	interceptors := []grpc.UnaryServerInterceptor{
		recovered,
		otelgrpc.UnaryServerInterceptor(), // want `otelgrpc is on the same server as an interceptor here and as a stats handler in line 24, so every RPC has two spans; keep the stats handler`
	}
	opts := []grpc.ServerOption{
		grpc.ChainUnaryInterceptor(interceptors...),
		grpc.StatsHandler(otelgrpc.NewServerHandler()),
	}
	return grpc.NewServer(opts...)
}

func inArguments(more ...grpc.ServerOption) *grpc.Server {
	handler := otelgrpc.NewServerHandler()
	return grpc.NewServer(append([]grpc.ServerOption{
		grpc.StatsHandler(handler),
		grpc.UnaryInterceptor(otelgrpc.UnaryServerInterceptor()),        // want `otelgrpc is on the same server as an interceptor here and as a stats handler in line 32`
		grpc.ChainStreamInterceptor(otelgrpc.StreamServerInterceptor()), // want `otelgrpc is on the same server`
	}, more...)...)
}

func inAChain() *inprocchain.Channel {
	return inprocchain.New(
		inprocchain.WithServerStatsHandlers(otelgrpc.NewServerHandler()),
		inprocchain.WithUnaryServerInterceptors(recovered, otelgrpc.UnaryServerInterceptor()), // want `otelgrpc is on the same server as an interceptor here and as a stats handler in line 40`
	)
}
