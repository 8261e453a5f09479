package imports

import (
	// Only this one call needs it.
	"github.com/fullstorydev/grpchan"
	"github.com/fullstorydev/grpchan/inprocgrpc"
	chain "github.com/inprocchain/inprocchain"
	"google.golang.org/grpc"
)

var started grpc.ServiceRegistrar = chain.New()

func present() grpc.ClientConnInterface {
	return grpchan.InterceptClientConnUnary(&inprocgrpc.Channel{}, interceptors()...) // want `hides an in-process channel`
}
