package imports

import (
	"github.com/fullstorydev/grpchan"
	"github.com/fullstorydev/grpchan/inprocgrpc"
	"github.com/inprocchain/inprocchain"
	"google.golang.org/grpc"
)

var ended grpc.ServiceRegistrar = inprocchain.New()

func shadowedPresent() grpc.ClientConnInterface {
	inprocchain := &inprocgrpc.Channel{}
	return grpchan.InterceptClientConnUnary(inprocchain, interceptors()...) // want `hides an in-process channel`
}
