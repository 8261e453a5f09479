package chaintest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
)

// spanDifferences describes how the spans of the two outcomes differ. It waits for
// them to become equal: on a network a server may begin its span after a client
// that gave up has returned.
func (c comparison) spanDifferences(want, got outcome) []string {
	if len(c.spans) == 0 {
		return nil
	}
	timeout := c.spanTimeout
	if !want.spansEnded || !got.spansEnded { // run has already waited
		timeout = 0
	}
	d := spanDiffer{c.comparer, want.where, got.where}
	var found []string
	poll(timeout, func() bool {
		wantTree := newSpanTree(want.window.spans(), want.window.root)
		gotSpans := slices.DeleteFunc(got.window.spans(), want.window.inTrace) // late ones
		gotTree := newSpanTree(gotSpans, got.window.root)
		if len(wantTree)+len(gotTree) == 0 {
			found = []string{"no span was recorded; give the tracer provider of the application sdktrace.WithSpanProcessor(spans)"}
			return false
		}
		found = slices.Concat(unended(wantTree, "", want.where), unended(gotTree, "", got.where), d.differences(wantTree, gotTree, ""))
		return len(found) == 0
	})
	return found
}

// poll calls done until it returns true, or the timeout has passed and poll
// returns false. A SpanRecorder has no method that waits for spans.
func poll(timeout time.Duration, done func() bool) bool {
	deadline := time.NewTimer(timeout)
	defer deadline.Stop()
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	for !done() {
		select {
		case <-deadline.C:
			return done()
		case <-ticker.C:
		}
	}
	return true
}

// A spanWindow selects the spans of the calls on one connection: those that
// began while it was open, and all others of the same trace.
type spanWindow struct {
	recorders []*tracetest.SpanRecorder
	root      trace.SpanContext     // the parent of the spans, itself not recorded
	before    map[trace.SpanID]bool // spans that began before the window was opened
	closed    map[trace.SpanID]bool // spans that began before it was closed; nil while it is open
}

func openSpanWindow(recorders []*tracetest.SpanRecorder) *spanWindow {
	w := &spanWindow{recorders: recorders, root: newRoot()}
	w.before = w.allStarted()
	return w
}

func (w *spanWindow) close() { w.closed = w.allStarted() }

func (w *spanWindow) allStarted() map[trace.SpanID]bool {
	ids := map[trace.SpanID]bool{}
	for _, recorder := range w.recorders {
		for _, span := range recorder.Started() {
			ids[spanID(span)] = true
		}
	}
	return ids
}

// spans returns the spans that belong to the window, each once.
func (w *spanWindow) spans() []sdktrace.ReadOnlySpan {
	var spans []sdktrace.ReadOnlySpan
	seen := map[trace.SpanID]bool{}
	for _, recorder := range w.recorders {
		for _, span := range recorder.Started() {
			id := spanID(span)
			if seen[id] || w.before[id] || w.closed != nil && !w.closed[id] && !w.inTrace(span) {
				continue
			}
			seen[id] = true
			spans = append(spans, span)
		}
	}
	return spans
}

func (w *spanWindow) inTrace(span sdktrace.ReadOnlySpan) bool {
	return span.SpanContext().TraceID() == w.root.TraceID()
}

// awaitEnd waits until the recorders have received the end of each span that has
// begun. Then span processors that were registered before them have received it, too.
// It reports whether all spans have ended.
func (w *spanWindow) awaitEnd(timeout time.Duration) bool {
	return poll(timeout, func() bool {
		ended := map[trace.SpanID]bool{}
		for _, recorder := range w.recorders {
			for _, span := range recorder.Ended() {
				ended[spanID(span)] = true
			}
		}
		for _, span := range w.spans() {
			if !ended[spanID(span)] {
				return false
			}
		}
		return true
	})
}

// A spanNode is a span and its children.
type spanNode struct {
	spanContent
	ended    bool
	children []*spanNode
}

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

// A spanDiffer describes how spans differ.
type spanDiffer struct {
	comparer
	wantWhere, gotWhere string
}

// differences describes how the children of one span differ, or of no span if
// path is empty. Equal ones are paired first, then those of the same name and
// kind, in the order in which they began.
func (d spanDiffer) differences(want, got []*spanNode, path string) []string {
	_, want, got = pairNodes(want, got, d.equalNodes)
	pairs, want, got := pairNodes(want, got, func(a, b *spanNode) bool { return a.Name == b.Name && a.Kind == b.Kind })
	var found []string
	for _, p := range pairs {
		if !d.equal(p[0].spanContent, p[1].spanContent) {
			found = append(found, fmt.Sprintf("%s%s %s%s", path, p[0], header(d.wantWhere, d.gotWhere), indent(d.diff(p[0].spanContent, p[1].spanContent))))
		}
		found = append(found, d.differences(p[0].children, p[1].children, path+p[0].String()+" > ")...)
	}
	for _, node := range want {
		found = append(found, fmt.Sprintf("%s%s was recorded only %s", path, node, d.wantWhere))
	}
	for _, node := range got {
		found = append(found, fmt.Sprintf("%s%s was recorded only %s", path, node, d.gotWhere))
	}
	return found
}

// unended describes the spans of a tree that have not ended.
func unended(nodes []*spanNode, path, where string) []string {
	var found []string
	for _, node := range nodes {
		if !node.ended {
			found = append(found, fmt.Sprintf("%s%s has not ended %s", path, node, where))
		}
		found = append(found, unended(node.children, path+node.String()+" > ", where)...)
	}
	return found
}

func (n *spanNode) String() string { return fmt.Sprintf("%s span %q", n.Kind, n.Name) }

func (d spanDiffer) equalNodes(a, b *spanNode) bool {
	if a.Name != b.Name || len(a.children) != len(b.children) || !d.equal(a.spanContent, b.spanContent) {
		return false
	}
	_, want, got := pairNodes(a.children, b.children, d.equalNodes)
	return len(want)+len(got) == 0
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
