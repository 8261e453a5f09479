package main

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	collectorpb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc"
)

// A spanCollector is an OTLP collector that keeps the spans it receives, so that the
// spans of several processes can be printed as one trace.
type spanCollector struct {
	collectorpb.UnimplementedTraceServiceServer

	addr    string
	server  *grpc.Server
	serving sync.WaitGroup

	mu    sync.Mutex
	spans []sdktrace.ReadOnlySpan
}

func startCollector() (*spanCollector, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("collecting spans: %w", err)
	}
	c := &spanCollector{addr: listener.Addr().String(), server: grpc.NewServer()}
	collectorpb.RegisterTraceServiceServer(c.server, c)
	c.serving.Go(func() { _ = c.server.Serve(listener) }) // If it fails, exports fail.
	return c, nil
}

// stop ends the collector and returns the spans that it has received.
func (c *spanCollector) stop() []sdktrace.ReadOnlySpan {
	c.server.Stop()
	c.serving.Wait()
	return c.spans
}

// Export implements the OTLP trace service.
func (c *spanCollector) Export(_ context.Context, req *collectorpb.ExportTraceServiceRequest) (*collectorpb.ExportTraceServiceResponse, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, group := range req.GetResourceSpans() {
		process := resource.NewSchemaless(stringAttributes(group.GetResource().GetAttributes())...)
		for _, scope := range group.GetScopeSpans() {
			for _, span := range scope.GetSpans() {
				c.spans = append(c.spans, decodeSpan(span, process))
			}
		}
	}
	return new(collectorpb.ExportTraceServiceResponse), nil
}

// decodeSpan decodes the parts of a span that a tree shows.
func decodeSpan(span *tracepb.Span, process *resource.Resource) sdktrace.ReadOnlySpan {
	var own, parent trace.SpanContextConfig
	copy(own.TraceID[:], span.GetTraceId())
	copy(own.SpanID[:], span.GetSpanId())
	copy(parent.TraceID[:], span.GetTraceId())
	copy(parent.SpanID[:], span.GetParentSpanId()) // empty for a root span
	var events []sdktrace.Event
	for _, event := range span.GetEvents() {
		events = append(events, sdktrace.Event{
			Name:       event.GetName(),
			Attributes: stringAttributes(event.GetAttributes()),
			Time:       time.Unix(0, int64(event.GetTimeUnixNano())),
		})
	}
	return tracetest.SpanStub{
		Name:        span.GetName(),
		SpanContext: trace.NewSpanContext(own),
		Parent:      trace.NewSpanContext(parent),
		SpanKind:    trace.SpanKind(span.GetKind()), // OTLP uses the same numbers.
		StartTime:   time.Unix(0, int64(span.GetStartTimeUnixNano())),
		EndTime:     time.Unix(0, int64(span.GetEndTimeUnixNano())),
		Attributes:  stringAttributes(span.GetAttributes()),
		Events:      events,
		Resource:    process,
	}.Snapshot()
}

func stringAttributes(encoded []*commonpb.KeyValue) []attribute.KeyValue {
	var attributes []attribute.KeyValue
	for _, attr := range encoded {
		if value, ok := attr.GetValue().GetValue().(*commonpb.AnyValue_StringValue); ok {
			attributes = append(attributes, attribute.String(attr.GetKey(), value.StringValue))
		}
	}
	return attributes
}
