package chaintest

import (
	"fmt"
	"slices"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// A spanNode is a span and its children.
type spanNode struct {
	spanContent
	isRPC    bool
	ended    bool
	children []*spanNode
}

func (n *spanNode) String() string { return fmt.Sprintf("%s span %q", n.Kind, n.Name) }

// spanContent is what is compared of one span. cmp prints the fields.
type spanContent struct {
	Name       string
	Kind       string
	Status     string
	Parent     string // described, if the parent is not a recorded span
	Attributes map[attribute.Key]any
	Events     []spanEvent
}

type spanEvent struct {
	Name       string
	Attributes map[attribute.Key]any
}

// newSpanTree returns the spans that have no recorded parent, with their children.
func newSpanTree(spans []sdktrace.ReadOnlySpan, root trace.SpanContext) []*spanNode {
	slices.SortStableFunc(spans, func(a, b sdktrace.ReadOnlySpan) int { return a.StartTime().Compare(b.StartTime()) })
	nodes := map[trace.SpanID]*spanNode{}
	for _, span := range spans {
		nodes[spanID(span)] = newSpanNode(span)
	}
	var top []*spanNode
	for _, span := range spans {
		node := nodes[spanID(span)]
		if parent := nodes[span.Parent().SpanID()]; parent != nil {
			parent.children = append(parent.children, node)
			continue
		}
		switch {
		case !span.Parent().IsValid():
			node.Parent = "none"
		case span.Parent().SpanID() == root.SpanID():
			node.Parent = "the context of calls"
		default:
			node.Parent = "a span that was not recorded"
		}
		top = append(top, node)
	}
	return top
}

func newSpanNode(span sdktrace.ReadOnlySpan) *spanNode {
	node := &spanNode{
		spanContent: spanContent{
			Name:       span.Name(),
			Kind:       span.SpanKind().String(),
			Status:     strings.TrimSpace(span.Status().Code.String() + " " + span.Status().Description),
			Attributes: comparableAttributes(span.Attributes()),
		},
		isRPC: isRPC(span),
		ended: !span.EndTime().IsZero(),
	}
	for _, e := range span.Events() {
		node.Events = append(node.Events, spanEvent{e.Name, comparableAttributes(e.Attributes)})
	}
	return node
}

func comparableAttributes(attributes []attribute.KeyValue) map[attribute.Key]any {
	compared := map[attribute.Key]any{}
	for _, a := range attributes {
		if !isAddress(a.Key) {
			compared[a.Key] = a.Value.AsInterface()
		}
	}
	return compared
}

// isAddress reports whether an attribute holds an address or a port of a
// connection, or says what kind of address it is, by the names of OpenTelemetry's
// semantic conventions, old ones included.
func isAddress(key attribute.Key) bool {
	switch key {
	case "server.address", "server.port", "client.address", "client.port",
		"network.peer.address", "network.peer.port", "network.local.address", "network.local.port",
		"network.transport", "network.type",
		"net.transport", "net.peer.ip", "net.peer.name", "net.peer.port", "net.host.ip", "net.host.name", "net.host.port",
		"net.sock.family", "net.sock.peer.addr", "net.sock.peer.name", "net.sock.peer.port", "net.sock.host.addr", "net.sock.host.port":
		return true
	}
	return false
}

// pairNodes pairs nodes that match, each with at most one other. It also returns
// those that have none.
func pairNodes(want, got []*spanNode, match func(a, b *spanNode) bool) (pairs [][2]*spanNode, unmatchedWant, unmatchedGot []*spanNode) {
	unmatchedGot = slices.Clone(got)
	for _, a := range want {
		i := slices.IndexFunc(unmatchedGot, func(b *spanNode) bool { return match(a, b) })
		if i < 0 {
			unmatchedWant = append(unmatchedWant, a)
			continue
		}
		pairs = append(pairs, [2]*spanNode{a, unmatchedGot[i]})
		unmatchedGot = slices.Delete(unmatchedGot, i, i+1)
	}
	return pairs, unmatchedWant, unmatchedGot
}
