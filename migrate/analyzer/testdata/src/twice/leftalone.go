package twice

import (
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"google.golang.org/grpc"
)

// In what follows, no server has otelgrpc twice.

func once() (*grpc.Server, *grpc.Server) {
	return grpc.NewServer(grpc.StatsHandler(otelgrpc.NewServerHandler()), grpc.UnaryInterceptor(recovered)),
		grpc.NewServer(grpc.UnaryInterceptor(otelgrpc.UnaryServerInterceptor()))
}

func eitherOr(legacy bool) *grpc.Server {
	var opts []grpc.ServerOption
	if legacy {
		opts = append(opts, grpc.UnaryInterceptor(otelgrpc.UnaryServerInterceptor()))
	} else {
		opts = append(opts, grpc.StatsHandler(otelgrpc.NewServerHandler()))
	}
	return grpc.NewServer(opts...)
}
