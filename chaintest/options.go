package chaintest

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"google.golang.org/grpc/codes"
)

// An Option changes what [Compare], [CompareConns] or [Traced] checks. An option may be
// given several times, and all of them apply, except WithErrorCode. An option that the function does not support
// fails the test at once.
type Option interface {
	apply(*settings)
}

// WithCmpOptions adds options that decide when two messages are equal, for
// [Compare] and [CompareConns]. They apply to requests, responses and the
// details of statuses, together with [protocmp.Transform], so that the options
// of package protocmp work:
//
//	chaintest.WithCmpOptions(protocmp.IgnoreFields(&pb.Flag{}, "created_at"))
//
// protocmp.Transform is left out if the options already say how to compare any
// protobuf message, as cmp.Comparer(proto.Equal) does. Messages that are not
// protobuf messages are compared by their printed form.
//
// The options also apply to what the function of [WithSideEffects] returns, and to
// the attributes of spans and span events, which are compared as
// map[attribute.Key]any. This ignores one attribute:
//
//	cmpopts.IgnoreMapEntries(func(key attribute.Key, _ any) bool { return key == "request.id" })
//
// [protocmp.Transform]: https://pkg.go.dev/google.golang.org/protobuf/testing/protocmp#Transform
func WithCmpOptions(options ...cmp.Option) Option {
	options = slices.Clone(options)
	return option{"WithCmpOptions", func(s *settings) { s.cmpOptions = append(s.cmpOptions, options...) }}
}

// WithSpans makes [Compare] and [CompareConns] also compare the spans of the calls: name,
// kind, status, attributes, events with their attributes, and which span is the parent of
// which. Attributes that hold addresses or ports
// are ignored, and so is the order of spans that have the same parent.
//
// The tracer provider of the application must have recorded them with
// [sdktrace.WithSpanProcessor](spans). If the application has several tracer
// providers, give each its own recorder and pass WithSpans once for each.
//
// There must be spans of RPCs on both connections, as for [Traced]: WithSpans also reports
// that no RPC has a server span on either, even if handlers have other spans, such as those
// of a database, and that a stats handler is registered twice on both.
//
// On a network a server span may end after the client has its response, so the
// comparison waits up to two seconds for spans to end and to become equal. A
// span that has not ended by then fails the test. Nothing else may add to spans meanwhile,
// so a parallel test needs its own recorder.
//
// [sdktrace.WithSpanProcessor]: https://pkg.go.dev/go.opentelemetry.io/otel/sdk/trace#WithSpanProcessor
func WithSpans(spans *tracetest.SpanRecorder) Option {
	return option{"WithSpans", func(s *settings) { s.spans = append(s.spans, spans) }}
}

// WithErrorCode says that the calls are meant to fail. [Compare] and [CompareConns] then
// fail unless calls returns an error with this status code on both connections, and
// [Traced] fails unless its call does. The status is compared in full, as that of any RPC.
//
//	chaintest.CompareConns(t, app.conn, app.channel, getWithoutToken,
//		chaintest.WithErrorCode(codes.Unauthenticated))
func WithErrorCode(code codes.Code) Option {
	return option{"WithErrorCode", func(s *settings) {
		s.errorCode = code
		s.errorCodes++
	}}
}

// WithServerSpansOnly makes [Traced] check server spans only, for applications
// that have no client instrumentation.
//
// Every RPC must then have one ended server span. It need not have a parent and
// need not be in the trace of the call, since nothing propagates the trace. A
// server span directly below one of the same name is reported as recorded twice.
// Other spans, such as those of an HTTP gateway, may be between them.
//
// Without client spans Traced cannot count the RPCs. It reports a missing server
// span only if the call has none at all; [CompareConns] with [WithSpans]
// reports each missing span.
func WithServerSpansOnly() Option {
	return option{"WithServerSpansOnly", func(s *settings) { s.serverSpansOnly = true }}
}

type option struct {
	name string
	set  func(*settings)
}

func (o option) apply(s *settings) {
	s.names = append(s.names, o.name)
	o.set(s)
}

// settings is the combination of the options of one call.
type settings struct {
	names           []string // of the options that were given
	cmpOptions      cmp.Options
	spans           []*tracetest.SpanRecorder
	effects         []effectsFunc
	errorCode       codes.Code // with which calls must fail; OK if it must not fail
	errorCodes      int        // how often WithErrorCode was given
	serverSpansOnly bool
}

// newSettings fails the test if an option is invalid or not among the supported ones.
func newSettings(t testing.TB, function string, opts []Option, supported ...string) settings {
	t.Helper()
	var s settings
	for i, opt := range opts {
		if opt == nil {
			t.Fatalf("chaintest: %s: option %d is nil; leave it out", function, i)
		}
		opt.apply(&s)
	}
	for _, name := range s.names {
		if !slices.Contains(supported, name) {
			t.Fatalf("chaintest: %s: %s has no effect here; leave it out", function, name)
		}
	}
	if slices.Contains(s.spans, nil) {
		t.Fatalf("chaintest: %s: WithSpans: spans is nil; give the tracer provider sdktrace.WithSpanProcessor(spans)", function)
	}
	for _, e := range s.effects {
		if e.read == nil {
			t.Fatalf("chaintest: %s: %s: effects is nil; leave the option out", function, e.name)
		}
	}
	if s.errorCodes > 1 || s.errorCodes == 1 && s.errorCode == codes.OK {
		t.Fatalf("chaintest: %s: WithErrorCode must be given once, with another code than OK", function)
	}
	return s
}
