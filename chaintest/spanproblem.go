package chaintest

import (
	"fmt"
	"slices"
	"strings"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// A spanProblem is a problem in the spans of the RPCs of one method.
type spanProblem struct {
	kind problemKind
	span string // the name of the method's spans; "" if there is none
}

type problemKind int

const (
	noRPCSpans        problemKind = iota
	noServerSpansOnly             // with WithServerSpansOnly
	noServerSpanAtAll             // and none of another method
	noServerSpan
	noClientSpan
	clientTwice
	serverTwice
	notLinked
	otherTrace
	clientNotEnded
	serverNotEnded
)

// isNeverRight reports whether a problem is one even if both connections have it.
func (k problemKind) isNeverRight() bool {
	return k == noRPCSpans || k == noServerSpanAtAll || k == clientTwice || k == serverTwice
}

const (
	clientSpanHint  = "is the client's stats handler on the channel, too? Give inprocchain.New the chain that the network client has"
	serverSpanHint  = "is the server's stats handler on the channel, too? Give inprocchain.New the chain that the network server has"
	bothSpansHint   = "is the server's stats handler missing on both, or does it have another tracer provider than WithSpans?"
	doubledSpanHint = "is its stats handler registered twice? A chain already contains it, so nothing must be added"
	linkHint        = "is the context of the RPC passed on, and do both stats handlers have the same propagator, such as that of otel.SetTextMapPropagator?"
	traceHint       = "does the call make its RPCs with the context that it is given?"
	endHint         = "receive from a stream until an error, or cancel its context"
)

// describe describes a problem of some methods. If server spans are missing, it gives the
// hint.
func (k problemKind) describe(methods, hint string) string {
	switch k {
	case noRPCSpans:
		return "no span of an RPC: did the call make an RPC, and " + hint
	case noServerSpansOnly:
		return "no server span: did the call make an RPC, and " + hint
	case noServerSpanAtAll, noServerSpan:
		return fmt.Sprintf("no server span for %s: %s", methods, hint)
	case noClientSpan:
		return fmt.Sprintf("no client span for %s: %s", methods, clientSpanHint)
	case clientTwice:
		return fmt.Sprintf("more than one client span for %s: %s", methods, doubledSpanHint)
	case serverTwice:
		return fmt.Sprintf("more than one server span for %s: %s", methods, doubledSpanHint)
	case notLinked:
		return fmt.Sprintf("the server span for %s is not a child of its client span: %s", methods, linkHint)
	case otherTrace:
		return fmt.Sprintf("the client span for %s is not in the trace of the call: %s", methods, traceHint)
	case clientNotEnded:
		return fmt.Sprintf("the client span for %s has not ended: %s", methods, endHint)
	case serverNotEnded:
		return fmt.Sprintf("the server span for %s has not ended: %s", methods, endHint)
	}
	panic(fmt.Sprintf("chaintest: unknown problem %d", k))
}

// describeProblems returns a sentence for each kind of problem. If server spans are missing,
// it gives the hint.
func describeProblems(problems []spanProblem, hint string) []string {
	var kinds []problemKind
	methods := map[problemKind][]string{}
	for _, p := range problems {
		if !slices.Contains(kinds, p.kind) {
			kinds = append(kinds, p.kind)
		}
		methods[p.kind] = append(methods[p.kind], method(p.span))
	}
	var sentences []string
	for _, kind := range kinds {
		sentences = append(sentences, kind.describe(strings.Join(methods[kind], ", "), hint))
	}
	return sentences
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

// method returns the full method as callers write it, if the span is named for
// it, as by otelgrpc.
func method(span string) string {
	if strings.Contains(span, "/") {
		return "/" + strings.TrimPrefix(span, "/")
	}
	return span
}
