// Package replaced has interceptors and stats handlers, some of which a later call replaces.
package replaced

import (
	"context"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
)

func first(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	return handler(ctx, req)
}

func second(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	return handler(ctx, req)
}

func stream(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	return handler(srv, ss)
}

func oneChain() *inprocgrpc.Channel {
	return (&inprocgrpc.Channel{}).
		WithServerUnaryInterceptor(first).
		WithServerStreamInterceptor(stream).
		WithCloner(inprocgrpc.ProtoCloner{}).
		WithServerUnaryInterceptor(second). // want `WithServerUnaryInterceptor replaces what line 25 set on the same channel, which then never runs, because a channel has only one; pass all of them, first to last, to inprocchain.New\(inprocchain.WithUnaryServerInterceptors\(…\)\)`
		WithServerStreamInterceptor(stream) // want `WithServerStreamInterceptor replaces what line 26 set on the same channel`
}

func statements() *inprocgrpc.Channel {
	channel := &inprocgrpc.Channel{}
	channel.WithServerUnaryInterceptor(first)
	channel.WithServerStreamInterceptor(stream)
	channel = channel.WithServerUnaryInterceptor(second) // want `replaces what line 34 set`
	return channel.WithServerUnaryInterceptor(first)     // want `replaces what line 36 set`
}

func declared() *inprocgrpc.Channel {
	var channel = (&inprocgrpc.Channel{}).WithServerUnaryInterceptor(first)
	return channel.WithServerUnaryInterceptor(second) // want `replaces what line 41 set`
}

func parameter(channel *inprocgrpc.Channel, tracing bool) {
	if tracing {
		channel.WithServerUnaryInterceptor(first)
	}
	channel.WithServerUnaryInterceptor(second) // want `replaces what line 47 set`
}

func otherName(channel *inprocgrpc.Channel) {
	traced := channel.WithServerUnaryInterceptor(first)
	channel.WithServerUnaryInterceptor(second) // want `replaces what line 53 set`
	traced.WithServerUnaryInterceptor(second)  // want `replaces what line 53 set`
}

func otherNameOfLocal() {
	channel := &inprocgrpc.Channel{}
	other := channel
	other.WithServerUnaryInterceptor(first)
	channel.WithServerUnaryInterceptor(second) // want `replaces what line 61 set`
}

func passes(interceptors []grpc.UnaryServerInterceptor) *inprocgrpc.Channel {
	channel := &inprocgrpc.Channel{}
	for _, interceptor := range interceptors {
		channel.WithServerUnaryInterceptor(interceptor) // want `replaces what the previous iteration of the loop set`
	}
	return channel
}

func literal() func() {
	channel := &inprocgrpc.Channel{}
	return func() {
		channel.WithServerUnaryInterceptor(first)
		channel.WithServerUnaryInterceptor(second) // want `replaces what line 76 set`
	}
}

func throughFunction() *inprocgrpc.Channel {
	channel := (&inprocgrpc.Channel{}).WithServerUnaryInterceptor(first)
	configure("a", channel)                   // want `configure \(rows.go:91\) calls WithServerUnaryInterceptor on this channel, which replaces what line 82 set on the same channel`
	channel.WithServerUnaryInterceptor(first) // want `WithServerUnaryInterceptor replaces what line 83 set`
	return channel
}

func configure(name string, channel *inprocgrpc.Channel) {
	configureStreams(channel)
	channel.WithServerUnaryInterceptor(first)
	channel = channel.WithServerUnaryInterceptor(second) // want `replaces what line 90 set`
}

func configureStreams(channel *inprocgrpc.Channel) { channel.WithServerStreamInterceptor(stream) }

// None of what follows replaces anything.

func either(tracing bool) *inprocgrpc.Channel {
	channel := &inprocgrpc.Channel{}
	if tracing {
		return channel.WithServerUnaryInterceptor(first)
	} else if channel == nil {
		channel.WithServerUnaryInterceptor(second)
		panic("no channel")
	}
	switch {
	case tracing:
		channel.WithServerUnaryInterceptor(first)
	default:
		channel.WithServerUnaryInterceptor(second)
	}
	return channel
}

func reset(channel *inprocgrpc.Channel) { channel.WithServerUnaryInterceptor(nil) }

func differentHooks(channel *inprocgrpc.Channel) {
	channel.WithServerUnaryInterceptor(first)
	reset(channel)
	configureStreams(channel)
	configure("b", &inprocgrpc.Channel{})
}

func twoChannels() {
	one, two := &inprocgrpc.Channel{}, &inprocgrpc.Channel{}
	one.WithServerUnaryInterceptor(first)
	two.WithServerUnaryInterceptor(first)
	one = &inprocgrpc.Channel{}
	one.WithServerUnaryInterceptor(second)
	one = two
}

func onePerPass(channels []*inprocgrpc.Channel, byName map[string]*inprocgrpc.Channel) {
	for i := range channels {
		channels[i].WithServerUnaryInterceptor(first)
		channel := &inprocgrpc.Channel{}
		channel.WithServerUnaryInterceptor(first)
		(&inprocgrpc.Channel{}).WithServerUnaryInterceptor(first)
		make1().WithServerUnaryInterceptor(first)
	}
	for _, channel := range channels {
		channel.WithServerUnaryInterceptor(first)
	}
	for _, channel := range byName {
		channel.WithServerUnaryInterceptor(first)
	}
}

func make1() *inprocgrpc.Channel { return &inprocgrpc.Channel{} }

func taken(next func() (*inprocgrpc.Channel, bool)) {
	channel, ok := next()
	for ok {
		channel.WithServerUnaryInterceptor(first)
		channel, ok = next()
	}
}

func withdrawn(channel *inprocgrpc.Channel) {
	channel.WithServerUnaryInterceptor(first)
	channel.WithServerUnaryInterceptor(nil)
	channel.WithServerUnaryInterceptor(second)
}

func later(channel *inprocgrpc.Channel) func() {
	channel.WithServerUnaryInterceptor(first)
	return func() { channel.WithServerUnaryInterceptor(second) }
}
