package imports

import "github.com/fullstorydev/grpchan/inprocgrpc"

type aliased = inprocgrpc.Channel
