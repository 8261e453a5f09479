package imports

import "github.com/fullstorydev/grpchan"
import "github.com/fullstorydev/grpchan/inprocgrpc"

func single() grpchan.Channel {
	return grpchan.InterceptChannel(&inprocgrpc.Channel{}, unary, nil) // want `hides an in-process channel`
}
