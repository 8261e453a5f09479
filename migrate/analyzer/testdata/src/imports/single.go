package imports

import "github.com/fullstorydev/grpchan/inprocgrpc"

func single() bool {
	_, ok := someConn.(*inprocgrpc.Channel) // want `misses a wrapped channel`
	return ok
}
