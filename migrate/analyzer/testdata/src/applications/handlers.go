package applications

import (
	"github.com/fullstorydev/grpchan"
	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
)

// registered keeps services that are registered before the server and the channel exist, as
// in anycable-go and Flipt.
func registered(register func(grpc.ServiceRegistrar), server *grpc.Server) *inprocgrpc.Channel {
	handlers := grpchan.HandlerMap{}
	register(handlers)
	channel := &inprocgrpc.Channel{}
	handlers.ForEach(channel.RegisterService)
	handlers.ForEach(server.RegisterService)
	return channel
}
