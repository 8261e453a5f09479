package chaintest

import (
	"context"
	"testing"
	"time"

	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
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
// error. For an RPC that is meant to fail there is [WithErrorCode]. Traced also supports
// [WithServerSpansOnly], for applications without client instrumentation. It stops the test if spans or call is nil or an
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
	s := newSettings(t, "Traced", opts, "WithServerSpansOnly", "WithErrorCode")
	traced(t, spans, call, s, 2*time.Second)
}

func traced(t testing.TB, spans *tracetest.SpanRecorder, call func(context.Context) error, s settings, timeout time.Duration) {
	t.Helper()
	window := openSpanWindow([]*tracetest.SpanRecorder{spans})
	switch err := call(trace.ContextWithRemoteSpanContext(t.Context(), window.root)); {
	case status.Code(err) == s.errorCode:
	case s.errorCode != codes.OK:
		t.Errorf("chaintest: the traced call is meant to fail with %v, but returned %v", s.errorCode, err)
	default:
		t.Errorf("chaintest: the traced call returned an error: %v; if it is meant to fail, use WithErrorCode", err)
	}
	var problems []spanProblem
	poll(timeout, func() bool {
		if s.serverSpansOnly {
			problems = checkServerSpans(window.spans())
		} else {
			problems = checkSpans(window.spans(), window.root.TraceID())
		}
		return len(problems) == 0
	})
	for _, problem := range describeProblems(problems, serverSpanHint) {
		t.Errorf("chaintest: %s", problem)
	}
}
