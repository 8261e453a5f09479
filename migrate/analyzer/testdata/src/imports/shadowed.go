package imports

import (
	"github.com/fullstorydev/grpchan"
	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
)

func shadowed() grpc.ClientConnInterface {
	inprocchain := &inprocgrpc.Channel{}
	return grpchan.InterceptClientConnUnary(inprocchain, interceptors()...) // want `hides an in-process channel`
}
