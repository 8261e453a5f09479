package chaintest

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

// An Option changes what [Compare], [CompareConns] or [Traced] checks. An option may be
// given several times, and all of them apply. An option that the function does not support
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
// The options also apply to what the function of [WithEffects] returns, and to
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
// On a network a server span may end after the client has its response, so the
// comparison waits up to two seconds for spans to end and to become equal. A
// span that has not ended by then fails the test, and so does a comparison in
// which no span was recorded. Nothing else may add to spans meanwhile, so a parallel
// test needs its own recorder.
//
// [sdktrace.WithSpanProcessor]: https://pkg.go.dev/go.opentelemetry.io/otel/sdk/trace#WithSpanProcessor
func WithSpans(spans *tracetest.SpanRecorder) Option {
	return option{"WithSpans", func(s *settings) { s.spans = append(s.spans, spans) }}
}

// WithEffects makes [Compare] and [CompareConns] also compare what the function effects
// returns, for example the lines that the calls added to an audit log. It is called twice:
// when the RPCs on the network have ended, and when the RPCs in-process have ended. With
// [WithSpans], their spans have ended too.
//
// Each time effects must return only what is new, in a value that does not change
// afterwards. Leave out times and other values that are never the same, or ignore them with
// [WithCmpOptions]. If something is written after the end of the RPC, for example by a
// batching exporter, effects must flush it first. If a span processor writes the effects,
// register it before the recorder, because a tracer provider calls its processors in order.
// Values are compared with [cmp.Equal], which panics for unexported struct fields unless an
// option handles them.
func WithEffects(effects func() any) Option {
	return option{"WithEffects", func(s *settings) { s.effects = append(s.effects, effects) }}
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
	effects         []func() any
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
	for _, effects := range s.effects {
		if effects == nil {
			t.Fatalf("chaintest: %s: WithEffects: effects is nil; leave the option out", function)
		}
	}
	return s
}
