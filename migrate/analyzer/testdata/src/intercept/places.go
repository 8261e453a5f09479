package main

import (
	"github.com/fullstorydev/grpchan"
	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
)

func inLiterals() []grpc.ClientConnInterface {
	array := [...]grpc.ClientConnInterface{grpchan.InterceptClientConnUnary(&inprocgrpc.Channel{}, unary)} // want `hides an in-process channel`
	make1 := func() grpc.ClientConnInterface {
		return grpchan.InterceptClientConnUnary(&inprocgrpc.Channel{}, unary) // want `hides an in-process channel`
	}
	return []grpc.ClientConnInterface{
		grpchan.InterceptClientConnUnary(&inprocgrpc.Channel{}, unary),              // want `hides an in-process channel`
		server{grpchan.InterceptClientConnUnary(&inprocgrpc.Channel{}, unary)}.conn, // want `hides an in-process channel`
		array[0],
		make1(),
	}
}

type box[T any] struct{ content T }

func (b *box[T]) put(content T) { b.content = content }

func inBox() grpc.ClientConnInterface {
	var b box[grpc.ClientConnInterface]
	b.put(grpchan.InterceptClientConnUnary(&inprocgrpc.Channel{}, unary)) // want `hides an in-process channel`
	return b.content
}

func underTwoNames() grpc.ClientConnInterface {
	channel := &inprocgrpc.Channel{}
	var registrar grpc.ServiceRegistrar = channel
	_ = registrar
	conn := (grpchan.InterceptClientConnUnary((channel), (unary))) // want `hides an in-process channel`
	for range 2 {
		other := conn
		if nil == other {
			return nil
		}
	}
	other := conn
	return other
}
