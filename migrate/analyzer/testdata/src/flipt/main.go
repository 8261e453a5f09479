// Package flipt is Flipt in miniature: how 1.55.0 wired its in-process channel, and, in grpc.go, how a later
// version set an interceptor twice. docs/case-study.md has the sources.
package flipt

import (
	"context"

	"github.com/fullstorydev/grpchan"
	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
)

type config struct {
	tracing bool
	audit   bool
}

func run(ctx context.Context, cfg config) error {
	channel := &inprocgrpc.Channel{}

	if cfg.tracing {
		channel = grpchan.InterceptClientConn(channel, traceUnaryClient, traceStreamClient).(*inprocgrpc.Channel) // want `this assertion always panics: grpchan's Intercept functions return a wrapper, never the \*inprocgrpc.Channel in it`
	}

	server := newGRPCServer(cfg, channel)
	gateway := newHTTPServer(channel)
	return gateway.serve(ctx, server)
}

func traceUnaryClient(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	ctx = context.WithValue(ctx, peer{}, cc.Target())
	return invoker(ctx, method, req, reply, cc, opts...)
}

func traceStreamClient(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	return streamer(ctx, desc, cc, method, opts...)
}

type peer struct{}
