package chaintest

import (
	"fmt"
	"slices"
	"strings"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

const (
	clientSpanHint  = "is the client's stats handler on the channel, too? Give inprocchain.New the chain that the network client has"
	serverSpanHint  = "is the server's stats handler on the channel, too? Give inprocchain.New the chain that the network server has"
	doubledSpanHint = "is its stats handler registered twice? A chain already contains it, so nothing must be added"
	linkHint        = "is the context of the RPC passed on, and do both stats handlers have the same propagator, such as that of otel.SetTextMapPropagator?"
)

// A traceCheck finds the problems in the spans of a call.
type traceCheck struct {
	byID    map[trace.SpanID]sdktrace.ReadOnlySpan
	clients []sdktrace.ReadOnlySpan
	servers []sdktrace.ReadOnlySpan

	problems []string
	doubled  map[string]bool // by span name
}

// checkSpans describes the problems in the spans. It returns nil if every RPC
// has one client span and one server span in the trace.
func checkSpans(spans []sdktrace.ReadOnlySpan, id trace.TraceID) []string {
	c := newTraceCheck(spans)
	if len(c.clients)+len(c.servers) == 0 {
		return []string{"no span of an RPC: did the call make an RPC, and " + serverSpanHint}
	}
	linked := map[trace.SpanID][]sdktrace.ReadOnlySpan{} // server spans by the client span above
	var unlinked []sdktrace.ReadOnlySpan
	for _, server := range c.servers {
		switch above := c.rpcSpanAbove(server); {
		case above == nil:
			unlinked = append(unlinked, server)
		case above.SpanKind() == trace.SpanKindServer:
			c.addDoubled("two server spans for %s: %s", server)
		default:
			linked[spanID(above)] = append(linked[spanID(above)], server)
		}
	}
	for _, client := range c.clients {
		servers := linked[spanID(client)]
		switch {
		case c.isBelowItself(client):
			c.addDoubled("two client spans for %s: %s", client)
		case len(servers) > 1:
			c.addDoubled("more than one server span for %s: %s", client)
		case len(servers) == 0 && !c.isAboveItself(client):
			unlinked = c.addUnlinked(client, unlinked)
		}
	}
	for _, server := range unlinked {
		c.add("no client span for %s: %s", method(server), clientSpanHint)
	}
	c.addOtherTraces(id)
	c.addUnended(slices.Concat(c.clients, c.servers))
	return c.problems
}

// checkServerSpans describes the problems in the server spans of an
// application that makes no client spans.
func checkServerSpans(spans []sdktrace.ReadOnlySpan) []string {
	c := newTraceCheck(spans)
	if len(c.servers) == 0 {
		return []string{"no server span: did the call make an RPC, and " + serverSpanHint}
	}
	for _, server := range c.servers {
		if c.isBelowItself(server) {
			c.addDoubled("two server spans for %s: %s", server)
		}
	}
	c.addUnended(c.servers)
	return c.problems
}

func newTraceCheck(spans []sdktrace.ReadOnlySpan) *traceCheck {
	c := &traceCheck{byID: map[trace.SpanID]sdktrace.ReadOnlySpan{}, doubled: map[string]bool{}}
	for _, span := range spans {
		c.byID[spanID(span)] = span
		switch {
		case !isRPC(span):
		case span.SpanKind() == trace.SpanKindClient:
			c.clients = append(c.clients, span)
		case span.SpanKind() == trace.SpanKindServer:
			c.servers = append(c.servers, span)
		}
	}
	return c
}

// isRPC reports whether a span is of an RPC. The spans of an HTTP gateway are
// not, even if the gateway's name contains "grpc".
func isRPC(span sdktrace.ReadOnlySpan) bool {
	isHTTP := false
	for _, attribute := range span.Attributes() {
		switch key := string(attribute.Key); {
		case strings.HasPrefix(key, "rpc."):
			return true
		case strings.HasPrefix(key, "http."):
			isHTTP = true
		}
	}
	return !isHTTP && strings.Contains(span.InstrumentationScope().Name, "grpc")
}

func (c *traceCheck) add(format string, args ...any) {
	c.problems = append(c.problems, fmt.Sprintf(format, args...))
}

func (c *traceCheck) addDoubled(format string, span sdktrace.ReadOnlySpan) {
	c.add(format, method(span), doubledSpanHint)
	c.doubled[span.Name()] = true
}

// addUnlinked describes a client span without a server span below it. The server
// span may be among the unlinked ones. It returns the others.
func (c *traceCheck) addUnlinked(client sdktrace.ReadOnlySpan, unlinked []sdktrace.ReadOnlySpan) []sdktrace.ReadOnlySpan {
	for i, server := range unlinked {
		if server.Name() == client.Name() {
			c.add("the server span for %s is not a child of its client span: %s", method(client), linkHint)
			return slices.Delete(unlinked, i, i+1)
		}
	}
	c.add("no server span for %s: %s", method(client), serverSpanHint)
	return unlinked
}

// rpcSpanAbove returns the nearest client or server span of an RPC above the
// span, or nil if there is none.
func (c *traceCheck) rpcSpanAbove(span sdktrace.ReadOnlySpan) sdktrace.ReadOnlySpan {
	for {
		parent, ok := c.byID[span.Parent().SpanID()]
		if !ok || parent.SpanContext().TraceID() != span.SpanContext().TraceID() {
			return nil
		}
		if isRPC(parent) && parent.SpanKind() != trace.SpanKindInternal {
			return parent
		}
		span = parent
	}
}

// isBelowItself reports whether the span above is another one of the same RPC and
// kind: a second stats handler puts its span below that of the first.
func (c *traceCheck) isBelowItself(span sdktrace.ReadOnlySpan) bool {
	above := c.rpcSpanAbove(span)
	return above != nil && above.SpanKind() == span.SpanKind() && above.Name() == span.Name()
}

// isAboveItself reports whether a client span of the same RPC is below this one.
func (c *traceCheck) isAboveItself(client sdktrace.ReadOnlySpan) bool {
	for _, other := range c.clients {
		if c.isBelowItself(other) && c.rpcSpanAbove(other) == client {
			return true
		}
	}
	return false
}

// addOtherTraces describes the client spans that are in another trace. A server
// span is in the trace of its client span, or was already found to be unlinked.
func (c *traceCheck) addOtherTraces(id trace.TraceID) {
	for _, client := range c.clients {
		if client.SpanContext().TraceID() != id {
			c.add("the client span for %s is not in the trace of the call: does the call make its RPCs with the context that it is given?", method(client))
		}
	}
}

// addUnended describes the spans that have not ended. If an RPC has two, only
// the second is ended, which is not a problem of its own.
func (c *traceCheck) addUnended(spans []sdktrace.ReadOnlySpan) {
	for _, span := range spans {
		if span.EndTime().IsZero() && !c.doubled[span.Name()] {
			c.add("the %s span for %s has not ended: receive from a stream until an error, or cancel its context", span.SpanKind(), method(span))
		}
	}
}

func spanID(span sdktrace.ReadOnlySpan) trace.SpanID { return span.SpanContext().SpanID() }

// method returns the full method as callers write it, if the span is named for
// it, as by otelgrpc.
func method(span sdktrace.ReadOnlySpan) string {
	if strings.Contains(span.Name(), "/") {
		return "/" + strings.TrimPrefix(span.Name(), "/")
	}
	return span.Name()
}
