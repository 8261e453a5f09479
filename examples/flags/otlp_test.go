package main

import (
	"bytes"
	"context"
	"net"
	"strings"
	"sync"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc"
)

func TestSessionExportsEveryTraceToTheCollector(t *testing.T) {
	t.Parallel()
	c := new(traceCollector)
	addr := c.start(t)
	var stdout bytes.Buffer
	if err := run(t.Context(), []string{"-otlp", addr}, &stdout, nil); err != nil {
		t.Fatalf("%v\n%s", err, &stdout)
	}
	if out := stdout.String(); !strings.Contains(out, "Traces go to "+addr) || strings.Contains(out, "caller create") {
		t.Errorf("stdout:\n%s", out)
	}
	byID := map[string]*otlp.Span{}
	kinds := map[otlp.Span_SpanKind]int{}
	audits := map[string]int{}
	for _, span := range c.spans {
		byID[string(span.GetSpanId())] = span
		kinds[span.GetKind()]++
		for _, event := range span.GetEvents() {
			audits[span.GetName()+" "+event.GetAttributes()[0].GetValue().GetStringValue()]++
		}
	}
	// Seven requests each way, one of them with two RPCs.
	if kinds[otlp.Span_SPAN_KIND_INTERNAL] != 21 || kinds[otlp.Span_SPAN_KIND_CLIENT] != 24 || kinds[otlp.Span_SPAN_KIND_SERVER] != 24 {
		t.Errorf("kinds of spans: %v", kinds)
	}
	parents := map[otlp.Span_SpanKind]otlp.Span_SpanKind{
		otlp.Span_SPAN_KIND_SERVER: otlp.Span_SPAN_KIND_CLIENT,
		otlp.Span_SPAN_KIND_CLIENT: otlp.Span_SPAN_KIND_INTERNAL,
	}
	for _, span := range c.spans {
		parent := byID[string(span.GetParentSpanId())]
		if parent.GetKind() != parents[span.GetKind()] {
			t.Errorf("the parent of the %s %s is %s", span.GetKind(), span.GetName(), parent.GetKind())
		}
		if parent != nil && !bytes.Equal(parent.GetTraceId(), span.GetTraceId()) {
			t.Errorf("%s %s is in another trace than its parent", span.GetKind(), span.GetName())
		}
	}
	for _, method := range []string{"flags.v1.Flags/Create ", "flags.v1.Flags/Delete "} {
		for _, way := range []via{viaHTTP, viaNetwork, viaInProcess} {
			if audits[method+string(way)] != 1 {
				t.Errorf("%d audit events of %sby way of %s, want 1", audits[method+string(way)], method, way)
			}
		}
	}
}

func TestSessionTellsThatNoCollectorListens(t *testing.T) {
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
	for _, want := range []string{"exporting to " + addr, "connection refused", "is a collector listening there?"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %s", err, want)
		}
	}
}

// A traceCollector is an OTLP collector that keeps what it gets.
type traceCollector struct {
	collector.UnimplementedTraceServiceServer

	mu    sync.Mutex
	spans []*otlp.Span
}

func (c *traceCollector) Export(_ context.Context, req *collector.ExportTraceServiceRequest) (*collector.ExportTraceServiceResponse, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, resource := range req.GetResourceSpans() {
		for _, scope := range resource.GetScopeSpans() {
			c.spans = append(c.spans, scope.GetSpans()...)
		}
	}
	return new(collector.ExportTraceServiceResponse), nil
}

func (c *traceCollector) start(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	collector.RegisterTraceServiceServer(server, c)
	var serving sync.WaitGroup
	serving.Go(func() {
		if err := server.Serve(listener); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() {
		server.Stop()
		serving.Wait()
	})
	return listener.Addr().String()
}
