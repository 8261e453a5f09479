// Package stats has stats handlers on an inprocgrpc.Channel.
package stats

import (
	"context"

	"github.com/fullstorydev/grpchan"
	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/stats"
)

type handler struct{ stats.Handler }

func intercept(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	return handler(ctx, req)
}

func inOneExpression(h stats.Handler) grpc.ClientConnInterface {
	return (&inprocgrpc.Channel{}).WithServerStatsHandler(h) // want `this stats handler measures wrong durations: an inprocgrpc.Channel reports the end of an RPC without its begin time and leaves out most other events; pass the handler to inprocchain.New\(inprocchain.WithServerStatsHandlers\(…\)\)`
}

func bothSides() grpc_health_v1.HealthClient {
	channel := new(inprocgrpc.Channel).WithClientStatsHandler(handler{}).WithServerStatsHandler(&handler{}) // want `inprocchain.WithClientStatsHandlers` `inprocchain.WithServerStatsHandlers`
	grpc_health_v1.RegisterHealthServer(channel, health.NewServer())
	return grpc_health_v1.NewHealthClient(channel)
}

func withTheRest() grpc.ServiceRegistrar {
	channel := (&inprocgrpc.Channel{}).
		WithServerUnaryInterceptor(intercept).
		WithCloner(inprocgrpc.ProtoCloner{}).
		WithServerStreamInterceptor(func(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
			return handler(srv, ss) // the service's own
		}).
		WithServerStatsHandler(handler{}) // want `inprocchain.WithServerStatsHandlers`
	channel.RegisterService(&grpc.ServiceDesc{}, nil)
	return channel
}

func interceptedElsewhere(u grpc.UnaryClientInterceptor) grpc.ClientConnInterface {
	channel := (&inprocgrpc.Channel{}).WithClientStatsHandler(handler{}) // want `inprocchain.WithClientStatsHandlers`
	return grpchan.InterceptClientConn(channel, u, nil)                  // want `hides an in-process channel.*not rewritten: the channel is configured by WithClientStatsHandler \(rows.go:44\)`
}

func maybeNil(interceptor grpc.UnaryServerInterceptor) grpc.ClientConnInterface {
	return (&inprocgrpc.Channel{}).WithServerStatsHandler(handler{}).WithServerUnaryInterceptor(interceptor) // want `inprocchain.WithServerStatsHandlers`
}

func inStatements(more bool) grpc.ClientConnInterface {
	if more {
		channel := &inprocgrpc.Channel{}
		channel = channel.WithServerUnaryInterceptor(intercept)
		channel.WithCloner(inprocgrpc.ProtoCloner{})
		channel.WithClientStatsHandler(handler{}).WithServerStatsHandler(&handler{}) // want `inprocchain.WithClientStatsHandlers` `inprocchain.WithServerStatsHandlers`
		grpc_health_v1.RegisterHealthServer(channel, health.NewServer())
		return channel
	}
	channel := new(inprocgrpc.Channel)
	channel.WithServerStatsHandler(handler{}) // want `inprocchain.WithServerStatsHandlers`
	return channel
}
