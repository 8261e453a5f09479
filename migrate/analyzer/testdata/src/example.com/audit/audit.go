// Package audit adds events to spans, for the test files that import it.
package audit

import (
	"context"

	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
)

// Events returns an interceptor that adds an event to the span of its context.
func Events(name string) grpc.UnaryServerInterceptor {
	return func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		resp, err := handler(ctx, req)
		AddTo(ctx, name)
		return resp, err
	}
}

// AddTo adds an event to the span of ctx.
func AddTo(ctx context.Context, name string) {
	span := trace.SpanFromContext(ctx)
	span.AddEvent(name)
}

// Traced returns an interceptor that adds an event to a span that it starts.
func Traced(tracer trace.Tracer) grpc.UnaryServerInterceptor {
	return func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		ctx, span := tracer.Start(ctx, info.FullMethod)
		span.AddEvent("started")
		AddTo(ctx, "started")
		return handler(ctx, req)
	}
}
