package chaintest

import (
	"fmt"
	"slices"
	"strings"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// A spanTree is the spans of a call, by what they are to each other.
type spanTree struct {
	byID    map[trace.SpanID]sdktrace.ReadOnlySpan
	clients []sdktrace.ReadOnlySpan
	servers []sdktrace.ReadOnlySpan

	gaps    []string
	doubled map[string]bool // by name
}

const (
	addClient = "is the client's stats handler on the channel, too? give inprocchain.New the chain that the network client has"
	addServer = "is the server's stats handler on the channel, too? give inprocchain.New the chain that the network server has"
	addOnce   = "is its stats handler registered twice? a chain is given as a whole, so that nothing needs adding to it"
	propagate = "is the context of the RPC handed on, and have both stats handlers the same propagator, as by otel.SetTextMapPropagator?"
)

// findGaps tells what keeps spans from being whole, for people. It is nothing
// if every RPC has its client span and its server span, in the trace.
func findGaps(spans []sdktrace.ReadOnlySpan, id trace.TraceID) []string {
	tree := newSpanTree(spans)
	if len(tree.clients)+len(tree.servers) == 0 {
		return []string{"no span of an RPC: did the call make none, or has neither side a stats handler? " + addServer}
	}
	linked := map[trace.SpanID][]sdktrace.ReadOnlySpan{} // server spans by their client's
	var unlinked []sdktrace.ReadOnlySpan
	for _, server := range tree.servers {
		switch above := tree.above(server); {
		case above == nil:
			unlinked = append(unlinked, server)
		case above.SpanKind() == trace.SpanKindServer:
			tree.addDoubled("two server spans for %s: %s", server)
		default:
			linked[spanID(above)] = append(linked[spanID(above)], server)
		}
	}
	for _, client := range tree.clients {
		servers := linked[spanID(client)]
		switch {
		case tree.isDoubled(client):
			tree.addDoubled("two client spans for %s: %s", client)
		case len(servers) > 1:
			tree.addDoubled("more than one server span for %s: %s", client)
		case len(servers) == 0 && !tree.doubles(client):
			unlinked = tree.addMissing(client, unlinked)
		}
	}
	for _, server := range unlinked {
		tree.add("no client span for %s: %s", method(server), addClient)
	}
	tree.addEnds(id)
	return tree.gaps
}

func (t *spanTree) add(format string, args ...any) {
	t.gaps = append(t.gaps, fmt.Sprintf(format, args...))
}

func (t *spanTree) addDoubled(format string, span sdktrace.ReadOnlySpan) {
	t.add(format, method(span), addOnce)
	t.doubled[span.Name()] = true
}

// addMissing tells of a client span without its server span, which may be among
// the unlinked ones. It returns those that are left.
func (t *spanTree) addMissing(client sdktrace.ReadOnlySpan, unlinked []sdktrace.ReadOnlySpan) []sdktrace.ReadOnlySpan {
	for i, server := range unlinked {
		if server.Name() == client.Name() {
			t.add("the server span for %s is no child of its client span: %s", method(client), propagate)
			return slices.Delete(unlinked, i, i+1)
		}
	}
	t.add("no server span for %s: %s", method(client), addServer)
	return unlinked
}

func newSpanTree(spans []sdktrace.ReadOnlySpan) *spanTree {
	tree := &spanTree{byID: map[trace.SpanID]sdktrace.ReadOnlySpan{}, doubled: map[string]bool{}}
	for _, span := range spans {
		tree.byID[spanID(span)] = span
		switch {
		case !isRPC(span):
		case span.SpanKind() == trace.SpanKindClient:
			tree.clients = append(tree.clients, span)
		case span.SpanKind() == trace.SpanKindServer:
			tree.servers = append(tree.servers, span)
		}
	}
	return tree
}

func isRPC(span sdktrace.ReadOnlySpan) bool {
	if strings.Contains(span.InstrumentationScope().Name, "grpc") {
		return true
	}
	for _, attribute := range span.Attributes() {
		if strings.HasPrefix(string(attribute.Key), "rpc.") {
			return true
		}
	}
	return false
}

// above returns the nearest span of an RPC over span, nil if there is none.
func (t *spanTree) above(span sdktrace.ReadOnlySpan) sdktrace.ReadOnlySpan {
	for {
		parent, ok := t.byID[span.Parent().SpanID()]
		if !ok || parent.SpanContext().TraceID() != span.SpanContext().TraceID() {
			return nil
		}
		if isRPC(parent) && parent.SpanKind() != trace.SpanKindInternal {
			return parent
		}
		span = parent
	}
}

// isDoubled reports whether another client span of the same RPC is over this
// one: each stats handler puts its span under that of the one before.
func (t *spanTree) isDoubled(client sdktrace.ReadOnlySpan) bool {
	above := t.above(client)
	return above != nil && above.SpanKind() == trace.SpanKindClient && above.Name() == client.Name()
}

// doubles reports whether another client span of the same RPC is under this one.
func (t *spanTree) doubles(client sdktrace.ReadOnlySpan) bool {
	for _, other := range t.clients {
		if t.isDoubled(other) && t.above(other) == client {
			return true
		}
	}
	return false
}

// addEnds tells of spans that have not ended, and of those in another trace. A
// server span is in its client's, or is told of for not being linked to it. Of
// two spans for one, only the last is ended.
func (t *spanTree) addEnds(id trace.TraceID) {
	for _, client := range t.clients {
		if client.SpanContext().TraceID() != id {
			t.add("the client span for %s is not in the trace of the call: does the call make its RPCs with the context that it is given?", method(client))
		}
	}
	for _, span := range slices.Concat(t.clients, t.servers) {
		if span.EndTime().IsZero() && !t.doubled[span.Name()] {
			t.add("the %s span for %s has not ended: receive from a stream until an error, or cancel its context", span.SpanKind(), method(span))
		}
	}
}

func spanID(span sdktrace.ReadOnlySpan) trace.SpanID { return span.SpanContext().SpanID() }

// method is the method as callers write it; otelgrpc names its spans so.
func method(span sdktrace.ReadOnlySpan) string {
	if strings.Contains(span.Name(), "/") {
		return "/" + strings.TrimPrefix(span.Name(), "/")
	}
	return span.Name()
}
