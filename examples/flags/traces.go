package main

import (
	"context"
	"sync"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// traces is a span processor that collects the spans of each trace. A trace is
// complete once none of its spans is open. On a network, the server's span may
// end after the caller's.
type traces struct {
	complete func([]sdktrace.ReadOnlySpan)

	mu   sync.Mutex
	open map[trace.TraceID]*openTrace
}

type openTrace struct {
	openSpans int
	ended     []sdktrace.ReadOnlySpan
}

// newTraces returns a processor that calls complete for each trace, one at a time.
func newTraces(complete func([]sdktrace.ReadOnlySpan)) *traces {
	return &traces{complete: complete, open: map[trace.TraceID]*openTrace{}}
}

// OnStart implements [sdktrace.SpanProcessor].
func (t *traces) OnStart(_ context.Context, span sdktrace.ReadWriteSpan) {
	t.mu.Lock()
	defer t.mu.Unlock()
	id := span.SpanContext().TraceID()
	if t.open[id] == nil {
		t.open[id] = new(openTrace)
	}
	t.open[id].openSpans++
}

// OnEnd implements [sdktrace.SpanProcessor].
func (t *traces) OnEnd(span sdktrace.ReadOnlySpan) {
	t.mu.Lock()
	defer t.mu.Unlock()
	id := span.SpanContext().TraceID()
	o := t.open[id]
	o.ended = append(o.ended, span)
	if o.openSpans--; o.openSpans == 0 {
		delete(t.open, id)
		t.complete(o.ended)
	}
}

// ForceFlush implements [sdktrace.SpanProcessor].
func (t *traces) ForceFlush(context.Context) error { return nil }

// Shutdown implements [sdktrace.SpanProcessor].
func (t *traces) Shutdown(context.Context) error { return nil }
