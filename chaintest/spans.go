package chaintest

import (
	"fmt"
	"slices"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// spanDifferences describes how the spans of the two outcomes differ. It waits for
// them to become equal: on a network a server may begin its span after a client
// that gave up has returned.
func (c comparison) spanDifferences(want, got outcome, until time.Time) []string {
	if len(c.spans) == 0 {
		return nil
	}
	timeout := time.Until(until)
	if !want.spansEnded || !got.spansEnded { // run has already waited
		timeout = 0
	}
	var found []string
	poll(timeout, func() bool {
		found = c.spanDifferencesNow(want, got)
		return len(found) == 0
	})
	return found
}

func (c comparison) spanDifferencesNow(want, got outcome) []string {
	wantSpans := slices.DeleteFunc(want.window.spans(), got.window.inTrace) // late ones of the other connection
	gotSpans := slices.DeleteFunc(got.window.spans(), want.window.inTrace)
	wantTree, gotTree := newSpanTree(wantSpans, want.window.root), newSpanTree(gotSpans, got.window.root)
	if len(wantTree)+len(gotTree) == 0 {
		return []string{"no span was recorded; give the tracer provider of the application sdktrace.WithSpanProcessor(spans)"}
	}
	d := spanDiffer{comparer: c.comparer, wantWhere: want.where, gotWhere: got.where}
	d.addProblems(wantSpans, gotSpans, want.window.root.TraceID(), got.window.root.TraceID())
	d.addUnended(wantTree, "", want.where)
	d.addUnended(gotTree, "", got.where)
	d.addDifferences(wantTree, gotTree, "")
	return d.found
}

// A spanDiffer describes how spans differ.
type spanDiffer struct {
	comparer
	wantWhere, gotWhere string

	found     []string
	explained []spanProblem // why there are more or fewer spans on one connection
}

// addProblems describes the problems in the spans of RPCs: those that are never right, and
// those on one connection only, which explain differences.
func (d *spanDiffer) addProblems(wantSpans, gotSpans []sdktrace.ReadOnlySpan, wantID, gotID trace.TraceID) {
	want, got := checkSpans(wantSpans, wantID), checkSpans(gotSpans, gotID)
	var onBoth []spanProblem
	for _, p := range want {
		if p.kind.isNeverRight() && slices.Contains(got, p) {
			onBoth = append(onBoth, p)
		}
	}
	inWant, inGot := onOneOnly(slices.Clone(want), got, gotSpans), onOneOnly(got, want, wantSpans)
	d.explained = slices.Concat(onBoth, inWant, inGot)
	d.addAll("on both connections", onBoth, bothSpansHint)
	d.addAll(d.wantWhere, inWant, serverSpanHint)
	d.addAll(d.gotWhere, inGot, serverSpanHint)
}

// onOneOnly returns the problems that others does not contain. A span that is missing on
// both connections explains no difference.
func onOneOnly(problems, others []spanProblem, otherSpans []sdktrace.ReadOnlySpan) []spanProblem {
	return slices.DeleteFunc(problems, func(p spanProblem) bool {
		return slices.Contains(others, p) ||
			p.kind == noClientSpan && !hasRPC(otherSpans, trace.SpanKindClient, p.span) ||
			p.kind == noServerSpan && !hasRPC(otherSpans, trace.SpanKindServer, p.span)
	})
}

func hasRPC(spans []sdktrace.ReadOnlySpan, kind trace.SpanKind, name string) bool {
	return slices.ContainsFunc(spans, func(span sdktrace.ReadOnlySpan) bool {
		return span.SpanKind() == kind && span.Name() == name && isRPC(span)
	})
}

func (d *spanDiffer) addAll(where string, problems []spanProblem, hint string) {
	for _, text := range describeProblems(problems, hint) {
		d.add("%s, %s", where, text)
	}
}

func (d *spanDiffer) add(format string, args ...any) {
	d.found = append(d.found, fmt.Sprintf(format, args...))
}

// addMissing describes a span without a partner and its likely cause, unless a problem explains it.
func (d *spanDiffer) addMissing(node *spanNode, path, where string) {
	if !d.isExplained(node) {
		d.add("%s%s was recorded only %s: %s", path, node, where, d.spanCause())
	}
}

func (d *spanDiffer) isExplained(node *spanNode) bool {
	return node.isRPC && slices.ContainsFunc(d.explained, func(p spanProblem) bool {
		return p.span == node.Name || p.kind == noRPCSpans
	})
}

// addDifferences describes how the children of one span differ, or of no span if
// path is empty. Equal ones are paired first, then those of the same name and
// kind, in the order in which they began.
func (d *spanDiffer) addDifferences(want, got []*spanNode, path string) {
	_, want, got = pairNodes(want, got, d.equalNodes)
	pairs, want, got := pairNodes(want, got, func(a, b *spanNode) bool { return a.Name == b.Name && a.Kind == b.Kind })
	for _, p := range pairs {
		if !d.equal(p[0].spanContent, p[1].spanContent) {
			d.add("%s%s %s %s%s", path, p[0], differs, d.spanCause(), indent(d.diff(p[0].spanContent, p[1].spanContent)))
		}
		d.addDifferences(p[0].children, p[1].children, path+p[0].String()+" > ")
	}
	for _, node := range want {
		d.addMissing(node, path, d.wantWhere)
	}
	for _, node := range got {
		d.addMissing(node, path, d.gotWhere)
	}
}

// addUnended describes the spans of a tree that have not ended.
func (d *spanDiffer) addUnended(nodes []*spanNode, path, where string) {
	for _, node := range nodes {
		if !node.ended && !d.isExplained(node) {
			d.add("%s%s has not ended %s: %s", path, node, where, noEnd)
		}
		d.addUnended(node.children, path+node.String()+" > ", where)
	}
}

func (d spanDiffer) equalNodes(a, b *spanNode) bool {
	if a.Name != b.Name || len(a.children) != len(b.children) || !d.equal(a.spanContent, b.spanContent) {
		return false
	}
	_, want, got := pairNodes(a.children, b.children, d.equalNodes)
	return len(want)+len(got) == 0
}
