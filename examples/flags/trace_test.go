package main

import (
	"context"
	"slices"
	"strings"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

func TestTraceIsFinishedOnceNoSpanOfItIsOpen(t *testing.T) {
	t.Parallel()
	var finished [][]sdktrace.ReadOnlySpan
	tracer := newTelemetry(newTraces(func(spans []sdktrace.ReadOnlySpan) { finished = append(finished, spans) })).tracers.Tracer("")
	ctx, caller := tracer.Start(t.Context(), "caller")
	_, other := tracer.Start(t.Context(), "other")
	_, server := tracer.Start(ctx, "server", trace.WithSpanKind(trace.SpanKindServer))
	caller.End()
	if len(finished) != 0 {
		t.Fatal("a trace has finished before the server's span")
	}
	other.End()
	server.End()
	if len(finished) != 2 || len(finished[0]) != 1 || len(finished[1]) != 2 {
		t.Fatalf("finished: %v", finished)
	}
}

func TestTreeHasChildrenBelowTheirParentsByTime(t *testing.T) {
	t.Parallel()
	var spans []sdktrace.ReadOnlySpan
	tracer := newTelemetry(newTraces(func(ended []sdktrace.ReadOnlySpan) { spans = ended })).tracers.Tracer("")
	elsewhere := trace.ContextWithRemoteSpanContext(t.Context(), trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{1}, SpanID: trace.SpanID{1}, TraceFlags: trace.FlagsSampled,
	}))
	ctx, root := tracer.Start(elsewhere, "root")
	inner := func(ctx context.Context, name string) (context.Context, trace.Span) {
		return tracer.Start(ctx, name, trace.WithSpanKind(trace.SpanKindClient))
	}
	first, a := inner(ctx, "first")
	_, b := inner(ctx, "second")
	_, c := inner(first, "of first")
	a.AddEvent(auditEvent, trace.WithAttributes(record{Via: viaHTTP, Actor: "alice", Action: "Create", Flag: "f"}.attributes()...))
	for _, span := range []trace.Span{c, b, a, root} {
		span.End()
	}
	var got []string
	for _, branch := range tree(spans) {
		if branch.took < 0 {
			t.Errorf("%s took %s", branch.text, branch.took)
		}
		got = append(got, strings.Repeat(" ", branch.depth)+branch.text)
	}
	want := []string{"caller root", " client first", "  audit alice Create f", "  client of first", " client second"}
	if !slices.Equal(got, want) {
		t.Errorf("tree %q, want %q", got, want)
	}
}
