package chaintest

import (
	"context"
	"crypto/rand"
	"testing"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
)

// Traced makes the call and fails the test unless every RPC that it made left
// exactly one ended client span and one ended server span, the second the child
// of the first, and all of them belong to one trace: that of the context which
// call is given. The failures say of which RPC what is missing, double or not
// linked, and what to look at.
//
// The spans are those that the tracer provider under test has recorded with
// [sdktrace.WithSpanProcessor](spans). Spans of kind client or server count if
// their instrumentation is gRPC's by its name, or if they have attributes of
// RPCs, such as those of otelgrpc. Spans of other kinds may stand between the
// two. An RPC that is tried twice is two RPCs here. What spans held before the
// call does not matter; others must not add to it meanwhile, so a parallel test
// needs a recorder of its own.
//
// It also fails if the call left no span of an RPC at all, if spans is nil, and
// if the call returns an error. To trace an RPC that is to fail, check for its
// error in call and return nil. A panic of call goes on to the caller.
//
// On a network a server span may end after its client has the answer, so Traced
// waits for what is missing, for two seconds. It leaves no goroutine behind and
// must run in the goroutine of the test.
func Traced(t testing.TB, spans *tracetest.SpanRecorder, call func(context.Context) error) {
	t.Helper()
	if spans == nil || call == nil {
		t.Fatal("chaintest: Traced: spans and call must not be nil; give the tracer provider sdktrace.WithSpanProcessor(spans)")
	}
	traced(t, spans, call, 2*time.Second)
}

func traced(t testing.TB, spans *tracetest.SpanRecorder, call func(context.Context) error, patience time.Duration) {
	t.Helper()
	before := map[trace.SpanID]bool{}
	for _, span := range spans.Started() {
		before[span.SpanContext().SpanID()] = true
	}
	caller := newCaller()
	if err := call(trace.ContextWithRemoteSpanContext(t.Context(), caller)); err != nil {
		t.Errorf("chaintest: the call to trace returned an error: %v", err)
	}
	for _, gap := range awaitSpans(spans, before, caller.TraceID(), patience) {
		t.Errorf("chaintest: %s", gap)
	}
}

// newCaller makes the parent of all spans. It has no span itself, so that
// nothing is added to what the test records.
func newCaller() trace.SpanContext {
	var config trace.SpanContextConfig
	rand.Read(config.TraceID[:])
	rand.Read(config.SpanID[:])
	config.TraceFlags = trace.FlagsSampled
	return trace.NewSpanContext(config)
}

// awaitSpans looks again while something is missing. A recorder tells nobody
// that a span has ended.
func awaitSpans(spans *tracetest.SpanRecorder, before map[trace.SpanID]bool, id trace.TraceID, patience time.Duration) []string {
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	again := time.NewTicker(time.Millisecond)
	defer again.Stop()
	for {
		gaps := findGaps(newSpans(spans, before), id)
		if len(gaps) == 0 {
			return nil
		}
		select {
		case <-deadline.C:
			return gaps
		case <-again.C:
		}
	}
}

func newSpans(spans *tracetest.SpanRecorder, before map[trace.SpanID]bool) []sdktrace.ReadOnlySpan {
	var added []sdktrace.ReadOnlySpan
	for _, span := range spans.Started() {
		if !before[span.SpanContext().SpanID()] {
			added = append(added, span)
		}
	}
	return added
}
