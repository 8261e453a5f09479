package main

import (
	. "github.com/fullstorydev/grpchan"
	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
)

func dotted() (first, second grpc.ClientConnInterface) {
	first = InterceptClientConn(&inprocgrpc.Channel{}, unary, nil)         // want `InterceptClientConn hides an in-process channel`
	return first, InterceptClientConnStream(&inprocgrpc.Channel{}, stream) // want `InterceptClientConnStream hides an in-process channel`
}
