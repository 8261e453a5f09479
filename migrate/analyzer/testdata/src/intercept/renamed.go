package main

import (
	gc "github.com/fullstorydev/grpchan"
	ch "github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
)

type (
	channel = ch.Channel
	pointer = *channel
)

func renamed() grpc.ClientConnInterface {
	inner := &channel{}
	return gc.InterceptClientConn(inner, unary, nil) // want `gc.InterceptClientConn hides an in-process channel`
}

func alias() grpc.ClientConnInterface {
	var inner pointer = new(channel)
	return gc.InterceptClientConn(inner, unary, nil) // want `gc.InterceptClientConn hides an in-process channel`
}
