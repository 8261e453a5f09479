// Package assertion has assertions to the in-process channel.
package assertion

import (
	"context"

	"github.com/fullstorydev/grpchan"
	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
)

func unary(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	return invoker(ctx, method, req, reply, cc, opts...)
}

func direct(channel *inprocgrpc.Channel) *inprocgrpc.Channel {
	return (grpchan.InterceptClientConn(channel, unary, nil)).(*inprocgrpc.Channel) // want `this assertion always panics: grpchan's Intercept functions return a wrapper, never the \*inprocgrpc.Channel in it; keep the channel in a variable of its own, and pass the interceptors, and what else is set on the channel, to one inprocchain.New`
}

func directChecked(channel *inprocgrpc.Channel) {
	inner, ok := grpchan.InterceptClientConn(channel, unary, nil).(*inprocgrpc.Channel) // want `this assertion never succeeds`
	_, _ = inner, ok
}

func byVariable(channel *inprocgrpc.Channel) *inprocgrpc.Channel {
	conn := grpchan.InterceptClientConn(channel, unary, nil) // want `hides an in-process channel`
	return conn.(*inprocgrpc.Channel)                        // want `always panics`
}

func byOneOfTwo(wrapped bool) *inprocgrpc.Channel {
	var conn grpc.ClientConnInterface = new(inprocgrpc.Channel)
	if wrapped {
		conn = grpchan.InterceptClientConn(conn, unary, nil) // want `hides an in-process channel`
	}
	return conn.(*inprocgrpc.Channel) // want `this assertion panics if the channel is wrapped; use inprocchain.Unwrap, which sees through wrappers and returns an error`
}

func parameter(conn grpc.ClientConnInterface) (*inprocgrpc.Channel, bool) {
	if channel, ok := conn.(*inprocgrpc.Channel); ok { // want `this assertion misses a wrapped channel; use inprocchain.Unwrap`
		return channel, ok
	}
	switch conn.(type) {
	case *inprocgrpc.Channel:
	}
	return nil, false
}
