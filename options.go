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
	return adding("WithUnaryServerInterceptors", "interceptor", interceptors, func(c *Chain) *[]grpc.UnaryServerInterceptor { return &c.unaryServer })
}

// WithStreamServerInterceptors adds interceptors of streaming RPCs on the
// handler side, first to last: the first is the outermost, as with
// [grpc.ChainStreamInterceptor].
//
// It panics if an interceptor is nil. None at all is no error.
func WithStreamServerInterceptors(interceptors ...grpc.StreamServerInterceptor) Option {
	return adding("WithStreamServerInterceptors", "interceptor", interceptors, func(c *Chain) *[]grpc.StreamServerInterceptor { return &c.streamServer })
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
	return adding("WithUnaryClientInterceptors", "interceptor", interceptors, func(c *Chain) *[]grpc.UnaryClientInterceptor { return &c.unaryClient })
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
	return adding("WithStreamClientInterceptors", "interceptor", interceptors, func(c *Chain) *[]grpc.StreamClientInterceptor { return &c.streamClient })
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
	return adding("WithServerStatsHandlers", "handler", handlers, func(c *Chain) *[]stats.Handler { return &c.serverStats })
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
	return adding("WithClientStatsHandlers", "handler", handlers, func(c *Chain) *[]stats.Handler { return &c.clientStats })
}

// WithCloner sets what copies messages between caller and handler in-process,
// for messages that are no protobuf messages or need special care. It is the
// one option of which the last wins. A network ignores it.
//
// Without it, generated protobuf messages are copied deeply, field by field, and
// all else travels as bytes, through the codec registered as "proto", as it does
// on a network.
//
// The cloner is called concurrently. WithCloner panics if cloner is nil.
func WithCloner(cloner inprocgrpc.Cloner) Option {
	if cloner == nil {
		misuse("WithCloner", "cloner is nil; leave the option out for protobuf messages")
	}
	return optionFunc(func(c *Chain) { c.cloner = cloner })
}

// adding returns the option that adds to a list of a chain, always to a new one,
// since chains share what they have in common.
func adding[T any](function, argument string, given []T, list func(*Chain) *[]T) Option {
	for i, one := range given {
		mustNotBeNil(function, argument, i, isNil(one))
	}
	given = slices.Clone(given)
	return optionFunc(func(c *Chain) { *list(c) = slices.Concat(*list(c), given) })
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
