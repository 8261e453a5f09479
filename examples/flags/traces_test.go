package main

import (
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

func TestTraceIsCompleteOnceNoneOfItsSpansIsOpen(t *testing.T) {
	t.Parallel()
	var complete [][]sdktrace.ReadOnlySpan
	tracer := newTelemetry("flags", newTraces(func(spans []sdktrace.ReadOnlySpan) { complete = append(complete, spans) })).tracers.Tracer("")
	ctx, caller := tracer.Start(t.Context(), "caller")
	_, other := tracer.Start(t.Context(), "other")
	_, server := tracer.Start(ctx, "server", trace.WithSpanKind(trace.SpanKindServer))
	caller.End()
	if len(complete) != 0 {
		t.Fatal("the trace is complete before the server's span has ended")
	}
	other.End()
	server.End()
	if len(complete) != 2 || len(complete[0]) != 1 || len(complete[1]) != 2 {
		t.Fatalf("complete traces: %v", complete)
	}
}
