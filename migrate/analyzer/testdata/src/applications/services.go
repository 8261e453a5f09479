package applications

import (
	"github.com/fullstorydev/grpchan"
	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
)

// different gives each service interceptors of its own, as Grafana does.
func different(public, internal *grpc.ServiceDesc, impl any) *inprocgrpc.Channel {
	channel := &inprocgrpc.Channel{}
	channel.RegisterService(grpchan.InterceptServer(public, authenticated, authenticatedStream), impl)
	grpchan.WithInterceptor(channel, logged, nil).RegisterService(internal, impl)
	return channel
}
