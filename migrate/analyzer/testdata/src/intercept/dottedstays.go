package main

import (
	. "github.com/fullstorydev/grpchan"
	. "google.golang.org/grpc"

	"github.com/fullstorydev/grpchan/inprocgrpc"
)

func dottedStays(handlers HandlerMap) ClientConnInterface {
	inner := &inprocgrpc.Channel{}
	handlers.ForEach(func(desc *ServiceDesc, svr any) { inner.RegisterService(desc, svr) })
	return InterceptClientConn(inner, unary, nil) // want `InterceptClientConn hides an in-process channel`
}
