package main

import (
	gc "github.com/fullstorydev/grpchan" // also for its registry
	ch "github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
)

type (
	channel = ch.Channel
	pointer = *channel
)

func renamed() grpc.ClientConnInterface {
	handlers := gc.HandlerMap{}
	grpc_health_v1.RegisterHealthServer(handlers, health.NewServer())
	var inner pointer = new(channel)
	handlers.ForEach(inner.RegisterService)
	return gc.InterceptClientConn(inner, unary, nil) // want `gc.InterceptClientConn hides an in-process channel`
}
