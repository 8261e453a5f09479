package applications

import (
	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
)

// newServices is given a channel and configures it, as Flipt's constructor is.
func newServices(channel *inprocgrpc.Channel, register func(grpc.ServiceRegistrar)) *grpc.Server {
	channel.WithServerUnaryInterceptor(authenticated)
	channel.WithServerStreamInterceptor(authenticatedStream)
	server := grpc.NewServer(grpc.ChainUnaryInterceptor(logged, authenticated), grpc.ChainStreamInterceptor(authenticatedStream))
	register(channel)
	register(server)
	return server
}

func start(register func(grpc.ServiceRegistrar)) (*inprocgrpc.Channel, *grpc.Server) {
	channel := (&inprocgrpc.Channel{}).WithServerUnaryInterceptor(logged)
	server := newServices(channel, register) // want `newServices \(constructor.go:10\) calls WithServerUnaryInterceptor on this channel, which replaces what line 19 set`
	return channel, server
}
