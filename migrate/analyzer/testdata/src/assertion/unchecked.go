// Package assertion has assertions to the in-process channel.
package assertion

import (
	"context"

	"github.com/fullstorydev/grpchan"
	"github.com/fullstorydev/grpchan/inprocgrpc"
	"github.com/inprocchain/inprocchain"
	"google.golang.org/grpc"
)

func unary(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	return invoker(ctx, method, req, reply, cc, opts...)
}

func direct(channel *inprocgrpc.Channel) *inprocgrpc.Channel {
	return grpchan.InterceptClientConn(channel, unary, nil).(*inprocgrpc.Channel) // want `this assertion always panics: grpchan's Intercept functions return a wrapper, never the \*inprocgrpc.Channel in it; keep the channel in its own variable, and pass the interceptors to inprocchain.New, or to inprocchain.Wrap if the channel is not configured yet`
}

func directNested(channel *inprocgrpc.Channel) *inprocgrpc.Channel {
	return (grpchan.InterceptClientConnUnary(grpchan.InterceptChannel(channel, unary, nil), unary)).(*inprocgrpc.Channel) // want `always panics`
}

func directChecked(channel *inprocgrpc.Channel) {
	inner, ok := grpchan.InterceptClientConn(channel, unary, nil).(*inprocgrpc.Channel) // want `this assertion never succeeds`
	_, _ = inner, ok
}

func byVariable() *inprocgrpc.Channel {
	var conn grpc.ClientConnInterface
	conn = grpchan.InterceptClientConn(new(inprocgrpc.Channel), unary, nil) // want `hides an in-process channel`
	return conn.(*inprocgrpc.Channel)                                       // want `always panics`
}

func byOneOfTwo(wrapped bool) *inprocgrpc.Channel {
	var conn grpc.ClientConnInterface = new(inprocgrpc.Channel)
	if wrapped {
		conn = grpchan.InterceptClientConn(conn, unary, nil) // want `hides an in-process channel`
	}
	return conn.(*inprocgrpc.Channel) // want `this assertion panics if the channel is wrapped; use inprocchain.Unwrap`
}

func configuredWithInterceptor(serve grpc.UnaryServerInterceptor) *inprocgrpc.Channel {
	channel := (&inprocgrpc.Channel{}).WithServerUnaryInterceptor(serve)
	channel.WithCloner(inprocgrpc.ProtoCloner{})
	conn := grpchan.InterceptClientConn(channel, unary, nil) // want `not rewritten: the channel is configured by`
	return conn.(*inprocgrpc.Channel)                        // want `always panics.*pass the interceptors, and what WithServerUnaryInterceptor \(unchecked.go:45\) and WithCloner \(unchecked.go:46\) set on the channel, to one inprocchain.New; inprocchain.Wrap panics for a channel that is already configured`
}

func wrapped() (*inprocgrpc.Channel, *inprocchain.Channel) {
	channel := &inprocgrpc.Channel{}
	conn := grpchan.InterceptClientConn(channel, unary, nil)     // want `not rewritten: the channel is passed to inprocchain.Wrap`
	return conn.(*inprocgrpc.Channel), inprocchain.Wrap(channel) // want `always panics.*pass the interceptors to the call of inprocchain.Wrap \(unchecked.go:54\)`
}

func parameter(conn grpc.ClientConnInterface) *inprocgrpc.Channel {
	return conn.(*inprocgrpc.Channel) // want `panics if the channel is wrapped; use inprocchain.Unwrap`
}

func deprecated(conn grpchan.Channel) {
	conn.(*inprocgrpc.Channel).RegisterService(nil, nil) // want `use inprocchain.Unwrap`
}

func wrapper(conn grpchan.WrappedClientConn) *inprocgrpc.Channel {
	return conn.Unwrap().(*inprocgrpc.Channel) // want `use inprocchain.Unwrap`
}

func registrar(reg grpc.ServiceRegistrar) *inprocgrpc.Channel {
	return reg.(*inprocgrpc.Channel) // want `this assertion panics if the channel is wrapped; pass a grpc.ClientConnInterface to inprocchain.Unwrap or inprocchain.As`
}

func registrarChecked(reg any) bool {
	_, ok := reg.(*inprocgrpc.Channel) // want `this assertion misses a wrapped channel; pass a grpc.ClientConnInterface`
	return ok
}

func typeSwitch(conn grpc.ClientConnInterface) string {
	switch conn := conn.(type) {
	case nil:
		return "none"
	case *grpc.ClientConn:
		return conn.Target()
	case *inprocgrpc.Channel: // want `this case misses a wrapped channel; before the switch, call inprocchain.As\[\*inprocgrpc.Channel\]`
		return "in process"
	}
	return ""
}

func typeSwitchThatUnwraps(conn grpc.ClientConnInterface) string {
	switch conn := conn.(type) {
	case grpchan.WrappedClientConn:
		return typeSwitchThatUnwraps(conn.Unwrap())
	case *inprocgrpc.Channel:
		return "in process"
	}
	return ""
}
