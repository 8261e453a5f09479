// Package chained calls With… methods on channels that have an inprocchain.Chain.
package chained

import (
	"context"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"github.com/inprocchain/inprocchain"
	"google.golang.org/grpc"
	"google.golang.org/grpc/stats"
)

func serve(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	return handler(ctx, req)
}

func stream(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	return handler(srv, ss)
}

func afterWrap(tracing bool) *inprocchain.Channel {
	channel := &inprocgrpc.Channel{}
	ours := inprocchain.Wrap(channel)
	if tracing {
		channel.WithServerUnaryInterceptor(serve) // want `WithServerUnaryInterceptor is called on a channel that has an inprocchain.Chain \(line 23\): from then on, every RPC fails with Internal, and RegisterService, InProcess and NewClient panic; pass inprocchain.WithUnaryServerInterceptors\(…\) to inprocchain.New or inprocchain.Wrap`
	}
	channel = channel.WithServerStreamInterceptor(stream) // want `WithServerStreamInterceptor is called on a channel that has an inprocchain.Chain \(line 23\)`
	channel.WithCloner(inprocgrpc.ProtoCloner{})          // want `WithCloner is called on a channel that has an inprocchain.Chain \(line 23\).*pass inprocchain.WithCloner`
	return ours
}

func onInProcess(ours *inprocchain.Channel, handler stats.Handler) {
	ours.InProcess().WithServerUnaryInterceptor(serve).WithServerStreamInterceptor(stream) // want `WithServerUnaryInterceptor is called on a channel that has an inprocchain.Chain \(line 33\)` `WithServerStreamInterceptor is called`
	channel := ours.InProcess()
	channel.WithServerUnaryInterceptor(nil)       // want `WithServerUnaryInterceptor is called on a channel that has an inprocchain.Chain \(line 34\)`
	channel.WithServerStatsHandler(handler)       // want `WithServerStatsHandler is called on a channel that has an inprocchain.Chain \(line 34\): from then on, every RPC fails with Internal.*pass inprocchain.WithServerStatsHandlers`
	inprocchain.New().InProcess().WithCloner(nil) // want `WithCloner is called`
	other := channel
	other.WithServerUnaryInterceptor(serve) // want `WithServerUnaryInterceptor is called`
}

func fromUnwrap(ours *inprocchain.Channel) error {
	channel, err := inprocchain.Unwrap(ours)
	if err != nil {
		return err
	}
	channel.WithServerUnaryInterceptor(serve) // want `WithServerUnaryInterceptor is called on a channel that has an inprocchain.Chain \(line 43\)`
	if inner, ok := inprocchain.As[*inprocgrpc.Channel](ours); ok {
		inner.WithServerStreamInterceptor(stream) // want `WithServerStreamInterceptor is called`
	}
	return nil
}

func later(ours *inprocchain.Channel) func() {
	channel := ours.InProcess()
	return func() {
		channel.WithServerUnaryInterceptor(serve) // want `WithServerUnaryInterceptor is called on a channel that has an inprocchain.Chain \(line 55\)`
	}
}

type server struct{ channel *inprocgrpc.Channel }

func (s *server) field() {
	ours := inprocchain.Wrap(s.channel)
	s.channel.WithServerUnaryInterceptor(serve) // want `WithServerUnaryInterceptor is called`
	_ = ours
}

// newServer is an unmodified constructor for a bare channel.
func newServer(name string, channel *inprocgrpc.Channel) *server {
	channel = channel.WithServerUnaryInterceptor(serve)
	configure(channel)
	return &server{channel}
}

func configure(channel *inprocgrpc.Channel) { channel.WithServerStreamInterceptor(stream) }

func throughFunctions() *server {
	ours := inprocchain.New(inprocchain.WithUnaryServerInterceptors(serve))
	return newServer("flags", ours.InProcess()) // want `newServer \(found.go:71\) calls WithServerUnaryInterceptor on this channel, which has an inprocchain.Chain \(line 80\): from then on, every RPC fails with Internal` `newServer \(found.go:76\) calls WithServerStreamInterceptor on this channel`
}
