// Flipt, on the way to version 2, https://github.com/flipt-io/flipt/blob/005ce8bb2ea045075c1114264b0910a5b62db151/internal/cmd/grpc.go

package publicotel

import (
	"github.com/fullstorydev/grpchan"
	"github.com/fullstorydev/grpchan/inprocgrpc"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"google.golang.org/grpc"
)

func newGRPCServerV2(cfg config, channel *inprocgrpc.Channel) *grpc.Server {
	handlers := &grpchan.HandlerMap{}
	interceptors := []grpc.UnaryServerInterceptor{
		recovered,
		otelgrpc.UnaryServerInterceptor(), // want `otelgrpc is on the same server as an interceptor here and as a stats handler in line 21`
	}

	opts := []grpc.ServerOption{
		grpc.ChainUnaryInterceptor(interceptors...),
		grpc.StatsHandler(otelgrpc.NewServerHandler()),
	}

	channel.WithServerUnaryInterceptor(chain(interceptors...))

	if cfg.tracing {
		opts = append(opts, grpc.MaxRecvMsgSize(1<<20))
	}

	channel = channel.WithServerUnaryInterceptor(chain(interceptors...)) // want `WithServerUnaryInterceptor replaces what line 24 set`

	server := grpc.NewServer(opts...)
	handlers.ForEach(channel.RegisterService)
	handlers.ForEach(server.RegisterService)
	return server
}
