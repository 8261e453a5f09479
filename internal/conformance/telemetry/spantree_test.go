package telemetry_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/trace"
	api "go.opentelemetry.io/otel/trace"
)

// treeOf describes ended spans, without addresses, ids and times. Each has one line, indented
// below its parent.
func treeOf(t *testing.T, spans []trace.ReadOnlySpan) []string {
	t.Helper()
	var lines []string
	walk(spans, func(depth int, span trace.ReadOnlySpan) {
		if span.EndTime().Before(span.StartTime()) {
			t.Errorf("%s ended before it began", span.Name())
		}
		description := span.Status().Description
		if strings.HasSuffix(labelOf(span), "DEADLINE_EXCEEDED") {
			description = "…" // On a network, the text varies.
		}
		indent := strings.Repeat("  ", depth)
		lines = append(lines, fmt.Sprintf("%s%v %s: %v %q %s remote parent=%v scope=%s %s",
			indent, span.SpanKind(), span.Name(), span.Status().Code, description,
			textOf(span.Attributes()), span.Parent().IsRemote(), span.InstrumentationScope().Name, span.InstrumentationScope().Version))
		for _, event := range span.Events() {
			lines = append(lines, fmt.Sprintf("%s- %s %s", indent, event.Name, textOf(event.Attributes)))
		}
		for _, link := range span.Links() {
			lines = append(lines, fmt.Sprintf("%s- link %s", indent, textOf(link.Attributes)))
		}
	})
	return lines
}

// shapeOf describes the tree of the spans, with the status codes of RPCs.
func shapeOf(t *testing.T, spans []trace.ReadOnlySpan) string {
	t.Helper()
	var shape strings.Builder
	open := 0
	walk(spans, func(depth int, span trace.ReadOnlySpan) {
		switch {
		case shape.Len() == 0:
		case depth < open:
			shape.WriteString(strings.Repeat(")", open-depth) + " ")
		case depth == open:
			shape.WriteString(" ")
		default:
			shape.WriteString("(")
		}
		open = depth
		shape.WriteString(labelOf(span))
	})
	return shape.String() + strings.Repeat(")", open)
}

func labelOf(span trace.ReadOnlySpan) string {
	if span.SpanKind() == api.SpanKindInternal {
		return span.Name()
	}
	for _, attr := range span.Attributes() {
		if attr.Key == "rpc.response.status_code" {
			return span.SpanKind().String() + " " + attr.Value.AsString()
		}
	}
	return span.SpanKind().String()
}

// walk visits each span before its children, which keep their order. A child that is not in the
// trace of its parent counts as a root.
func walk(spans []trace.ReadOnlySpan, visit func(depth int, span trace.ReadOnlySpan)) {
	identity := func(context api.SpanContext) string { return context.TraceID().String() + context.SpanID().String() }
	children := map[string][]trace.ReadOnlySpan{}
	ended := map[string]bool{}
	for _, span := range spans {
		ended[identity(span.SpanContext())] = true
	}
	for _, span := range spans {
		parent := ""
		if ended[identity(span.Parent())] && span.Parent().TraceID() == span.SpanContext().TraceID() {
			parent = identity(span.Parent())
		}
		children[parent] = append(children[parent], span)
	}
	var visitAll func(depth int, of string)
	visitAll = func(depth int, of string) {
		for _, span := range children[of] {
			visit(depth, span)
			visitAll(depth+1, identity(span.SpanContext()))
		}
	}
	visitAll(0, "")
}

// textOf returns the attributes in sorted order, without addresses.
func textOf(attributes []attribute.KeyValue) string {
	var texts []string
	for _, attr := range attributes {
		value := attr.Value.String()
		if isAddress(string(attr.Key)) {
			value = "…"
		}
		texts = append(texts, fmt.Sprintf("%s=%s", attr.Key, value))
	}
	slices.Sort(texts)
	return "[" + strings.Join(texts, " ") + "]"
}

func isAddress(key string) bool {
	return key == "server.address" || key == "grpc.target"
}
