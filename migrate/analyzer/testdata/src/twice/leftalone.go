package twice

import (
	"github.com/fullstorydev/grpchan/inprocgrpc"
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

func inOtherOrder(legacy bool, version int) (*grpc.Server, *grpc.Server) {
	var opts, more []grpc.ServerOption
	if !legacy {
		opts = append(opts, grpc.StatsHandler(otelgrpc.NewServerHandler()))
	}
	if legacy {
		opts = append(opts, grpc.UnaryInterceptor(otelgrpc.UnaryServerInterceptor()))
	}
	if version > 1 {
		more = append(more, grpc.StatsHandler(otelgrpc.NewServerHandler()))
	} else {
		more = append(more, grpc.UnaryInterceptor(otelgrpc.UnaryServerInterceptor()))
	}
	return grpc.NewServer(opts...), grpc.NewServer(more...)
}

func interceptorElse(modern bool) *grpc.Server {
	var opts []grpc.ServerOption
	if modern {
		opts = append(opts, grpc.StatsHandler(otelgrpc.NewServerHandler()))
	} else {
		opts = append(opts, grpc.UnaryInterceptor(otelgrpc.UnaryServerInterceptor()))
	}
	return grpc.NewServer(opts...)
}

func byVersion(version int, channel *inprocgrpc.Channel) {
	switch version {
	case 1:
		channel.WithServerUnaryInterceptor(otelgrpc.UnaryServerInterceptor())
	case 2:
		channel.WithServerStatsHandler(otelgrpc.NewServerHandler()) // want `measures wrong durations`
	}
}

func twoChannels(one, two *inprocgrpc.Channel) {
	one.WithServerUnaryInterceptor(otelgrpc.UnaryServerInterceptor())
	two.WithServerStatsHandler(otelgrpc.NewServerHandler()) // want `measures wrong durations`
	one.WithClientStatsHandler(otelgrpc.NewClientHandler()) // want `measures wrong durations`
}
