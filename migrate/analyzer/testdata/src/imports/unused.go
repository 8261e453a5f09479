package imports

import (
	// Channels in this process.
	"github.com/fullstorydev/grpchan"
	"github.com/fullstorydev/grpchan/inprocgrpc"
)

func unused() []any {
	one := grpchan.InterceptClientConnUnary(&inprocgrpc.Channel{}, interceptors()...) // want `hides an in-process channel`
	print(one)
	return nil
}

func print(...any) {}
