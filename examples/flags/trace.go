package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// traces is a span processor that puts spans together to traces. A trace is
// finished once it has no open span; on a network the server's span may end
// after the caller's.
type traces struct {
	finished func([]sdktrace.ReadOnlySpan)

	mu   sync.Mutex
	open map[trace.TraceID]*openTrace
}

type openTrace struct {
	running int
	ended   []sdktrace.ReadOnlySpan
}

// newTraces returns a processor that calls finished for one trace at a time.
func newTraces(finished func([]sdktrace.ReadOnlySpan)) *traces {
	return &traces{finished: finished, open: map[trace.TraceID]*openTrace{}}
}

// OnStart is part of [sdktrace.SpanProcessor].
func (t *traces) OnStart(_ context.Context, span sdktrace.ReadWriteSpan) {
	t.mu.Lock()
	defer t.mu.Unlock()
	id := span.SpanContext().TraceID()
	if t.open[id] == nil {
		t.open[id] = new(openTrace)
	}
	t.open[id].running++
}

// OnEnd is part of [sdktrace.SpanProcessor].
func (t *traces) OnEnd(span sdktrace.ReadOnlySpan) {
	t.mu.Lock()
	defer t.mu.Unlock()
	id := span.SpanContext().TraceID()
	o := t.open[id]
	o.ended = append(o.ended, span)
	if o.running--; o.running == 0 {
		delete(t.open, id)
		t.finished(o.ended)
	}
}

// ForceFlush is part of [sdktrace.SpanProcessor].
func (t *traces) ForceFlush(context.Context) error { return nil }

// Shutdown is part of [sdktrace.SpanProcessor].
func (t *traces) Shutdown(context.Context) error { return nil }

// A branch is a line of a trace's tree: a span, or an event of the one above.
type branch struct {
	depth int
	text  string
	took  time.Duration // of an event, since its span began
}

// tree returns the spans, parents before children.
func tree(spans []sdktrace.ReadOnlySpan) []branch {
	spans = slices.SortedFunc(slices.Values(spans), func(a, b sdktrace.ReadOnlySpan) int {
		return a.StartTime().Compare(b.StartTime())
	})
	known := map[trace.SpanID]bool{}
	for _, span := range spans {
		known[span.SpanContext().SpanID()] = true
	}
	var branches []branch
	var grow func(depth int, of trace.SpanID)
	grow = func(depth int, of trace.SpanID) {
		for _, span := range spans {
			parent := span.Parent().SpanID()
			if !known[parent] {
				parent = trace.SpanID{} // another program's
			}
			if parent != of {
				continue
			}
			branches = append(branches, branch{depth, describe(span), span.EndTime().Sub(span.StartTime())})
			for _, event := range span.Events() {
				branches = append(branches, branch{depth + 1, describeEvent(event), event.Time.Sub(span.StartTime())})
			}
			grow(depth+1, span.SpanContext().SpanID())
		}
	}
	grow(0, trace.SpanID{})
	return branches
}

func describe(span sdktrace.ReadOnlySpan) string {
	kind := "caller"
	if span.SpanKind() != trace.SpanKindInternal {
		kind = span.SpanKind().String()
	}
	text := kind + " " + span.Name()
	for _, attr := range span.Attributes() {
		if attr.Key == "rpc.response.status_code" && attr.Value.AsString() != "OK" {
			text += " " + attr.Value.AsString()
		}
	}
	return text
}

// describeEvent leaves the way out: it is all that may differ between the ways.
func describeEvent(event sdktrace.Event) string {
	text := event.Name
	for _, attr := range event.Attributes {
		if attr.Key != "audit.via" {
			text += " " + attr.Value.String()
		}
	}
	return text
}

// printTree writes a trace, indented, at once.
func printTree(out io.Writer, branches []branch) {
	var b strings.Builder
	for _, line := range branches {
		indented := strings.Repeat("  ", line.depth+2) + line.text
		fmt.Fprintf(&b, "%-60s %10s\n", indented, cmp.Or(line.took.Round(time.Microsecond), time.Microsecond))
	}
	fmt.Fprint(out, b.String())
}
