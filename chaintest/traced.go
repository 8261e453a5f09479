package chaintest

import (
	"context"
	"crypto/rand"
	"testing"
	"time"

	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
)

// Traced tests the tracing of one connection to an application. It calls the function call
// and fails the test unless every RPC that call made left exactly one ended client span and
// one ended server span, the second a child of the first, in the trace of the context that
// call is given. The failures say which RPC lacks which span, has it twice, or has spans
// that are not linked, and what to check.
//
// The tracer provider under test must have recorded the spans with
// [sdktrace.WithSpanProcessor](spans). Spans of kind client or server count if
// they have attributes of RPCs, as those of otelgrpc have, or if the name of their
// instrumentation contains "grpc". Other spans, such as those of an HTTP gateway,
// may be between them. A retry counts as another RPC. Spans that were recorded before the
// call are ignored. Nothing else may add to spans meanwhile, so a parallel test needs its own
// recorder.
//
// Traced requires spans instead of comparing them, so it also reports a stats handler that
// is missing both on the network and in-process. It does not check what the spans contain,
// which [CompareConns] compares.
//
// Traced also fails the test if the call has no span of an RPC, and if it returns an
// error. To trace an RPC that is meant to fail, check its error in
// call and return nil. It supports [WithServerSpansOnly], for applications
// without client instrumentation. It stops the test if spans or call is nil or an
// option is invalid. A panic of call is not recovered.
//
// On a network a server span may end after its client has the response, so Traced
// waits up to two seconds for missing spans. It must be called from the
// goroutine of the test, and leaves no goroutine behind.
//
// [sdktrace.WithSpanProcessor]: https://pkg.go.dev/go.opentelemetry.io/otel/sdk/trace#WithSpanProcessor
func Traced(t testing.TB, spans *tracetest.SpanRecorder, call func(context.Context) error, opts ...Option) {
	t.Helper()
	if spans == nil || call == nil {
		t.Fatal("chaintest: Traced: spans and call must not be nil; give the tracer provider sdktrace.WithSpanProcessor(spans)")
	}
	s := newSettings(t, "Traced", opts, "WithServerSpansOnly")
	traced(t, spans, call, s.serverSpansOnly, 2*time.Second)
}

func traced(t testing.TB, spans *tracetest.SpanRecorder, call func(context.Context) error, serverSpansOnly bool, timeout time.Duration) {
	t.Helper()
	window := openSpanWindow([]*tracetest.SpanRecorder{spans})
	if err := call(trace.ContextWithRemoteSpanContext(t.Context(), window.root)); err != nil {
		t.Errorf("chaintest: the traced call returned an error: %v; check the error of an RPC that is meant to fail in call", err)
	}
	var problems []string
	poll(timeout, func() bool {
		if serverSpansOnly {
			problems = checkServerSpans(window.spans())
		} else {
			problems = checkSpans(window.spans(), window.root.TraceID())
		}
		return len(problems) == 0
	})
	for _, problem := range problems {
		t.Errorf("chaintest: %s", problem)
	}
}

// newRoot returns a parent for the spans of a call. It is only a context, not a recorded
// span.
func newRoot() trace.SpanContext {
	var config trace.SpanContextConfig
	rand.Read(config.TraceID[:])
	rand.Read(config.SpanID[:])
	config.TraceFlags = trace.FlagsSampled
	return trace.NewSpanContext(config)
}
