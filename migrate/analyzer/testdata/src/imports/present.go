package imports

import (
	"github.com/fullstorydev/grpchan"
	"github.com/fullstorydev/grpchan/inprocgrpc"
	chain "github.com/inprocchain/inprocchain"
	"google.golang.org/grpc"
)

func present() (grpc.ClientConnInterface, *chain.Channel) {
	channel := &inprocgrpc.Channel{}
	return grpchan.InterceptClientConnUnary(channel, interceptors()...), chain.New() // want `hides an in-process channel`
}
