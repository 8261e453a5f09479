package inprocchain

import (
	"fmt"
	"slices"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/stats"
)

// An Option adds to a [Chain]. Options are applied in the order in which they
// are given, and each adds after what is already there: nothing that was given
// is ever replaced, so the same option may be given any number of times.
//
// A Chain is an Option too: it adds everything it holds.
//
// An Option holds no state of any RPC and may be used for any number of chains,
// concurrently.
type Option interface {
	apply(*Chain)
}

type optionFunc func(*Chain)

func (f optionFunc) apply(c *Chain) { f(c) }

// WithUnaryServerInterceptors adds interceptors of unary RPCs on the handler
// side, first to last: the first is the outermost, as with
// [grpc.ChainUnaryInterceptor].
//
// It panics if an interceptor is nil. None at all is no error.
func WithUnaryServerInterceptors(interceptors ...grpc.UnaryServerInterceptor) Option {
	for i, interceptor := range interceptors {
		mustNotBeNil("WithUnaryServerInterceptors", "interceptor", i, interceptor == nil)
	}
	added := slices.Clone(interceptors)
	return optionFunc(func(c *Chain) { c.unaryServer = slices.Concat(c.unaryServer, added) })
}

// WithStreamServerInterceptors adds interceptors of streaming RPCs on the
// handler side, first to last: the first is the outermost, as with
// [grpc.ChainStreamInterceptor].
//
// It panics if an interceptor is nil. None at all is no error.
func WithStreamServerInterceptors(interceptors ...grpc.StreamServerInterceptor) Option {
	for i, interceptor := range interceptors {
		mustNotBeNil("WithStreamServerInterceptors", "interceptor", i, interceptor == nil)
	}
	added := slices.Clone(interceptors)
	return optionFunc(func(c *Chain) { c.streamServer = slices.Concat(c.streamServer, added) })
}

// WithUnaryClientInterceptors adds interceptors of unary RPCs on the caller's
// side, first to last: the first is the outermost, as with
// [grpc.WithChainUnaryInterceptor].
//
// The *grpc.ClientConn that an interceptor is given is never nil; in-process it
// is that of [Channel.ClientConn].
//
// It panics if an interceptor is nil. None at all is no error.
func WithUnaryClientInterceptors(interceptors ...grpc.UnaryClientInterceptor) Option {
	for i, interceptor := range interceptors {
		mustNotBeNil("WithUnaryClientInterceptors", "interceptor", i, interceptor == nil)
	}
	added := slices.Clone(interceptors)
	return optionFunc(func(c *Chain) { c.unaryClient = slices.Concat(c.unaryClient, added) })
}

// WithStreamClientInterceptors adds interceptors of streaming RPCs on the
// caller's side, first to last: the first is the outermost, as with
// [grpc.WithChainStreamInterceptor].
//
// The *grpc.ClientConn that an interceptor is given is never nil; in-process it
// is that of [Channel.ClientConn].
//
// It panics if an interceptor is nil. None at all is no error.
func WithStreamClientInterceptors(interceptors ...grpc.StreamClientInterceptor) Option {
	for i, interceptor := range interceptors {
		mustNotBeNil("WithStreamClientInterceptors", "interceptor", i, interceptor == nil)
	}
	added := slices.Clone(interceptors)
	return optionFunc(func(c *Chain) { c.streamClient = slices.Concat(c.streamClient, added) })
}

// WithServerStatsHandlers adds stats handlers on the handler side, called in
// order, as with [grpc.StatsHandler] given several times. They see every RPC
// that reaches a handler, outside the server interceptors, and also those that
// an interceptor refuses.
//
// In-process there is no connection: TagConn and HandleConn are not called.
//
// It panics if a handler is nil. None at all is no error.
func WithServerStatsHandlers(handlers ...stats.Handler) Option {
	for i, handler := range handlers {
		mustNotBeNil("WithServerStatsHandlers", "handler", i, handler == nil)
	}
	added := slices.Clone(handlers)
	return optionFunc(func(c *Chain) { c.serverStats = slices.Concat(c.serverStats, added) })
}

// WithClientStatsHandlers adds stats handlers on the caller's side, called in
// order, as with [grpc.WithStatsHandler] given several times. They see every
// attempt, inside the client interceptors: an interceptor that calls on twice
// makes two attempts.
//
// In-process there is no connection: TagConn and HandleConn are not called.
//
// It panics if a handler is nil. None at all is no error.
func WithClientStatsHandlers(handlers ...stats.Handler) Option {
	for i, handler := range handlers {
		mustNotBeNil("WithClientStatsHandlers", "handler", i, handler == nil)
	}
	added := slices.Clone(handlers)
	return optionFunc(func(c *Chain) { c.clientStats = slices.Concat(c.clientStats, added) })
}

// WithCloner sets what copies messages between caller and handler in-process,
// for messages that are no protobuf messages or need special care. It is the
// one option of which the last wins. A network ignores it.
//
// Without it, generated protobuf messages are copied by [proto.Clone], and all
// else travels as bytes, through the codec registered as "proto", as it does on
// a network.
//
// The cloner is called concurrently. It panics if cloner is nil.
//
// [proto.Clone]: https://pkg.go.dev/google.golang.org/protobuf/proto#Clone
func WithCloner(cloner inprocgrpc.Cloner) Option {
	if cloner == nil {
		misuse("WithCloner", "cloner is nil; leave the option out for protobuf messages")
	}
	return optionFunc(func(c *Chain) { c.cloner = cloner })
}

func mustNotBeNil(function, argument string, index int, isNil bool) {
	if isNil {
		misuse(function, "%s %d is nil; leave it out", argument, index)
	}
}

// misuse is for mistakes in a program's own wiring, which no caller could handle.
func misuse(function, format string, args ...any) {
	panic("inprocchain: " + function + ": " + fmt.Sprintf(format, args...))
}
