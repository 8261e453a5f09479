package chaintest

import (
	"crypto/rand"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
)

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

// newRoot returns a parent for the spans of a call. It is only a context, not a recorded
// span.
func newRoot() trace.SpanContext {
	var config trace.SpanContextConfig
	rand.Read(config.TraceID[:])
	rand.Read(config.SpanID[:])
	config.TraceFlags = trace.FlagsSampled
	return trace.NewSpanContext(config)
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
