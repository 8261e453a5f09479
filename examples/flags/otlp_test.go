package main

import (
	"bytes"
	"net"
	"strings"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

func TestTracesAreExportedToTheCollector(t *testing.T) {
	t.Parallel()
	c, err := startCollector()
	if err != nil {
		t.Fatal(err)
	}
	var stdout bytes.Buffer
	err = run(t.Context(), []string{"-otlp", c.addr}, &stdout, nil)
	spans := c.stop()
	if err != nil {
		t.Fatalf("%v\n%s", err, &stdout)
	}
	if out := stdout.String(); !strings.Contains(out, "Traces go to "+c.addr) || strings.Contains(out, "caller create") {
		t.Errorf("stdout:\n%s", out)
	}
	byID := map[trace.SpanID]sdktrace.ReadOnlySpan{}
	kinds := map[trace.SpanKind]int{}
	audits := map[string]int{}
	for _, span := range spans {
		byID[span.SpanContext().SpanID()] = span
		kinds[span.SpanKind()]++
		for _, event := range span.Events() {
			audits[span.Name()+" "+event.Attributes[0].Value.AsString()]++
		}
	}
	// Seven requests over each transport, one of them with two RPCs.
	if kinds[trace.SpanKindInternal] != 21 || kinds[trace.SpanKindClient] != 24 || kinds[trace.SpanKindServer] != 24 {
		t.Errorf("kinds of spans: %v", kinds)
	}
	parents := map[trace.SpanKind]trace.SpanKind{
		trace.SpanKindServer: trace.SpanKindClient,
		trace.SpanKindClient: trace.SpanKindInternal,
	}
	for _, span := range spans {
		parent, ok := byID[span.Parent().SpanID()]
		if want, hasParent := parents[span.SpanKind()]; ok != hasParent || ok && parent.SpanKind() != want {
			t.Errorf("the parent of the span %s is %v", describe(span), parent)
		}
		if ok && parent.SpanContext().TraceID() != span.SpanContext().TraceID() {
			t.Errorf("the span %s is not in the trace of its parent", describe(span))
		}
	}
	for _, method := range []string{"flags.v1.Flags/Create ", "flags.v1.Flags/Delete "} {
		for _, over := range []transport{transportREST, transportTCP, transportInProcess} {
			if audits[method+string(over)] != 1 {
				t.Errorf("%d audit events of %sfor %s, want 1", audits[method+string(over)], method, over)
			}
		}
	}
}

func TestErrorSaysThatNoCollectorIsListening(t *testing.T) {
	t.Parallel()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := closed.Addr().String()
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	err = run(t.Context(), []string{"-otlp", addr}, new(bytes.Buffer), nil)
	for _, want := range []string{"exporting to " + addr, "refused", "is a collector listening there?"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %s", err, want)
		}
	}
}
