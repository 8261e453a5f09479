package chaintest

import (
	"slices"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// A traceCheck finds the problems in the spans of a call.
type traceCheck struct {
	byID    map[trace.SpanID]sdktrace.ReadOnlySpan
	clients []sdktrace.ReadOnlySpan
	servers []sdktrace.ReadOnlySpan

	problems []spanProblem
	doubled  map[string]bool // by span name
}

// checkSpans returns the problems in the spans. There are none if every RPC
// has one client span and one server span in the trace.
func checkSpans(spans []sdktrace.ReadOnlySpan, id trace.TraceID) []spanProblem {
	c := newTraceCheck(spans)
	if len(c.clients)+len(c.servers) == 0 {
		return []spanProblem{{kind: noRPCSpans}}
	}
	linked := map[trace.SpanID][]sdktrace.ReadOnlySpan{} // server spans by the client span above
	var unlinked []sdktrace.ReadOnlySpan
	for _, server := range c.servers {
		switch above := c.rpcSpanAbove(server); {
		case above == nil:
			unlinked = append(unlinked, server)
		case above.SpanKind() == trace.SpanKindServer:
			c.addDoubled(serverTwice, server)
		default:
			linked[spanID(above)] = append(linked[spanID(above)], server)
		}
	}
	for _, client := range c.clients {
		servers := linked[spanID(client)]
		switch {
		case c.isBelowItself(client):
			c.addDoubled(clientTwice, client)
		case len(servers) > 1:
			c.addDoubled(serverTwice, client)
		case len(servers) == 0 && !c.isAboveItself(client):
			unlinked = c.addUnlinked(client, unlinked)
		}
	}
	for _, server := range unlinked {
		c.add(noClientSpan, server)
	}
	c.addOtherTraces(id)
	c.addUnended(slices.Concat(c.clients, c.servers))
	return c.problems
}

// checkServerSpans returns the problems in the server spans of an
// application that makes no client spans.
func checkServerSpans(spans []sdktrace.ReadOnlySpan) []spanProblem {
	c := newTraceCheck(spans)
	if len(c.servers) == 0 {
		return []spanProblem{{kind: noServerSpansOnly}}
	}
	for _, server := range c.servers {
		if c.isBelowItself(server) {
			c.addDoubled(serverTwice, server)
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

func (c *traceCheck) add(kind problemKind, span sdktrace.ReadOnlySpan) {
	if p := (spanProblem{kind, span.Name()}); !slices.Contains(c.problems, p) {
		c.problems = append(c.problems, p)
	}
}

func (c *traceCheck) addDoubled(kind problemKind, span sdktrace.ReadOnlySpan) {
	c.add(kind, span)
	c.doubled[span.Name()] = true
}

// addUnlinked describes a client span without a server span below it. The server
// span may be among the unlinked ones. It returns the others.
func (c *traceCheck) addUnlinked(client sdktrace.ReadOnlySpan, unlinked []sdktrace.ReadOnlySpan) []sdktrace.ReadOnlySpan {
	for i, server := range unlinked {
		if server.Name() == client.Name() {
			c.add(notLinked, client)
			return slices.Delete(unlinked, i, i+1)
		}
	}
	if len(c.servers) == 0 {
		c.add(noServerSpanAtAll, client)
	} else {
		c.add(noServerSpan, client)
	}
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
			c.add(otherTrace, client)
		}
	}
}

// addUnended describes the spans that have not ended. If an RPC has two, only
// the second is ended, which is not a problem of its own.
func (c *traceCheck) addUnended(spans []sdktrace.ReadOnlySpan) {
	for _, span := range spans {
		if span.EndTime().IsZero() && !c.doubled[span.Name()] {
			kind := clientNotEnded
			if span.SpanKind() == trace.SpanKindServer {
				kind = serverNotEnded
			}
			c.add(kind, span)
		}
	}
}

func spanID(span sdktrace.ReadOnlySpan) trace.SpanID { return span.SpanContext().SpanID() }
