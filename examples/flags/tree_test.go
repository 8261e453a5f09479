package main

import (
	"context"
	"slices"
	"strings"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

func TestTreeOrdersChildrenBelowTheirParentsByTime(t *testing.T) {
	t.Parallel()
	var spans []sdktrace.ReadOnlySpan
	tracer := newTelemetry("flags", newTraces(func(ended []sdktrace.ReadOnlySpan) { spans = ended })).tracers.Tracer("")
	remote := trace.ContextWithRemoteSpanContext(t.Context(), trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{1}, SpanID: trace.SpanID{1}, TraceFlags: trace.FlagsSampled,
	}))
	ctx, root := tracer.Start(remote, "root")
	inner := func(ctx context.Context, name string) (context.Context, trace.Span) {
		return tracer.Start(ctx, name, trace.WithSpanKind(trace.SpanKindClient))
	}
	first, a := inner(ctx, "first")
	_, b := inner(ctx, "second")
	_, c := inner(first, "of first")
	a.AddEvent(auditEvent, trace.WithAttributes(record{Transport: transportREST, Actor: "alice", Action: "Create", Flag: "f"}.attributes()...))
	for _, span := range []trace.Span{c, b, a, root} {
		span.End()
	}
	var got []string
	for _, line := range tree(spans) {
		if line.took < 0 {
			t.Errorf("%s took %s", line.text, line.took)
		}
		got = append(got, strings.Repeat(" ", line.depth)+line.text)
	}
	want := []string{"caller root", " client first", "  audit alice Create f", "  client of first", " client second"}
	if !slices.Equal(got, want) {
		t.Errorf("tree %q, want %q", got, want)
	}
}
