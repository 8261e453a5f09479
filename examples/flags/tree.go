package main

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// A treeLine is a line of a trace's tree: a span, or an event of the span above.
type treeLine struct {
	depth   int
	text    string
	process string        // the name of the process that recorded the span
	took    time.Duration // for an event, the time since its span began
}

// tree returns the spans and events of one trace, parents before children.
func tree(spans []sdktrace.ReadOnlySpan) []treeLine {
	spans = slices.SortedFunc(slices.Values(spans), func(a, b sdktrace.ReadOnlySpan) int {
		first, second := a.SpanContext().SpanID(), b.SpanContext().SpanID()
		return cmp.Or(a.StartTime().Compare(b.StartTime()), bytes.Compare(first[:], second[:]))
	})
	known := map[trace.SpanID]bool{}
	for _, span := range spans {
		known[span.SpanContext().SpanID()] = true
	}
	var lines []treeLine
	var addChildren func(depth int, of trace.SpanID)
	addChildren = func(depth int, of trace.SpanID) {
		for _, span := range spans {
			parent := span.Parent().SpanID()
			if !known[parent] {
				parent = trace.SpanID{} // Another program recorded the parent.
			}
			if parent != of {
				continue
			}
			process := processOf(span)
			lines = append(lines, treeLine{depth, describe(span), process, span.EndTime().Sub(span.StartTime())})
			for _, event := range span.Events() {
				lines = append(lines, treeLine{depth + 1, describeEvent(event), process, event.Time.Sub(span.StartTime())})
			}
			addChildren(depth+1, span.SpanContext().SpanID())
		}
	}
	addChildren(0, trace.SpanID{})
	return lines
}

// processOf returns the name of the process that recorded the span.
func processOf(span sdktrace.ReadOnlySpan) string {
	name, _ := span.Resource().Set().Value(semconv.ServiceNameKey)
	return name.AsString()
}

func describe(span sdktrace.ReadOnlySpan) string {
	kind := "caller"
	if span.SpanKind() != trace.SpanKindInternal {
		kind = span.SpanKind().String()
	}
	text := kind + " " + span.Name()
	for _, attr := range span.Attributes() {
		switch {
		case attr.Key == semconv.EnduserIDKey:
			text += " by " + attr.Value.AsString()
		case attr.Key == "rpc.response.status_code" && attr.Value.AsString() != "OK":
			text += " " + attr.Value.AsString()
		}
	}
	return text
}

// describeEvent omits the transport, the only attribute that may differ between transports.
func describeEvent(event sdktrace.Event) string {
	text := event.Name
	for _, attr := range event.Attributes {
		if attr.Key != "audit.transport" {
			text += " " + attr.Value.String()
		}
	}
	return text
}

// printTree writes an indented trace with a single call of Write. It includes the names of the
// processes if there are several.
func printTree(out io.Writer, lines []treeLine) {
	several := slices.ContainsFunc(lines, func(line treeLine) bool { return line.process != lines[0].process })
	var b strings.Builder
	for _, line := range lines {
		fmt.Fprintf(&b, "%-60s", strings.Repeat("  ", line.depth+2)+line.text)
		if several {
			fmt.Fprintf(&b, " %-8s", line.process)
		}
		fmt.Fprintf(&b, " %10s\n", cmp.Or(line.took.Round(time.Microsecond), time.Microsecond))
	}
	fmt.Fprint(out, b.String())
}
