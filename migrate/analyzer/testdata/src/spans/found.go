// Package spans has interceptors that add events to spans, inside and outside of
// otelgrpc's interceptor.
package spans

import (
	"context"

	"example.com/audit"
	"github.com/fullstorydev/grpchan/inprocgrpc"
	"github.com/inprocchain/inprocchain"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
)

func recovered(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	return handler(ctx, req)
}

func recorded(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	resp, err := handler(ctx, req)
	trace.SpanFromContext(ctx).RecordError(err)
	return resp, err
}

func streamEvents(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	audit.AddTo(ss.Context(), "stream")
	return handler(srv, ss)
}

type auditor struct{ name string }

func (a auditor) intercept(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	audit.AddTo(ctx, a.name)
	return handler(ctx, req)
}

func chain(interceptors ...grpc.UnaryServerInterceptor) grpc.UnaryServerInterceptor {
	return interceptors[0]
}

// appended is Flipt 1.55.0.
func appended(cfg struct{ audit bool }, channel *inprocgrpc.Channel) *grpc.Server {
	interceptors := []grpc.UnaryServerInterceptor{recovered}
	if cfg.audit {
		interceptors = append(interceptors, audit.Events("audit")) // want `this interceptor adds events to the span of its context, but runs outside otelgrpc's interceptor \(line 48\), which starts the span, so the events are lost; use otelgrpc.NewServerHandler\(\) with inprocchain.WithServerStatsHandlers\(…\) and grpc.StatsHandler\(…\), which are outside every interceptor`
	}
	interceptors = append(interceptors, otelgrpc.UnaryServerInterceptor())
	channel.WithServerUnaryInterceptor(chain(interceptors...))
	return grpc.NewServer(grpc.ChainUnaryInterceptor(interceptors...))
}

func inOneCall() []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.ChainUnaryInterceptor(
			recorded, // want `this interceptor adds events to the span of its context, but runs outside otelgrpc's interceptor \(line 57\)`
			otelgrpc.UnaryServerInterceptor(),
		),
		grpc.ChainStreamInterceptor(streamEvents, otelgrpc.StreamServerInterceptor()), // want `this interceptor adds events`
	}
}

func inOptions() *grpc.Server {
	return grpc.NewServer(
		grpc.ChainUnaryInterceptor(auditor{"a"}.intercept), // want `this interceptor adds events`
		grpc.ChainUnaryInterceptor(otelgrpc.UnaryServerInterceptor()),
	)
}

func inChain() inprocchain.Chain {
	events := audit.Events("audit")
	tracing := otelgrpc.UnaryServerInterceptor()
	return inprocchain.NewChain(inprocchain.WithUnaryServerInterceptors(
		func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) { // want `this interceptor adds events`
			trace.SpanFromContext(ctx).AddEvent("literal")
			return handler(ctx, req)
		},
		tracing,
	), inprocchain.WithUnaryServerInterceptors(chain(events, tracing))) // want `this interceptor adds events`
}
