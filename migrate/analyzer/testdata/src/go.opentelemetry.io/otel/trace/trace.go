// Package trace declares what the test files need of the real one.
package trace

import "context"

type (
	EventOption     interface{}
	SpanStartOption interface{}
)

type Span interface {
	AddEvent(name string, options ...EventOption)
	RecordError(err error, options ...EventOption)
	SetName(name string)
}

type Tracer interface {
	Start(ctx context.Context, spanName string, opts ...SpanStartOption) (context.Context, Span)
}

func SpanFromContext(ctx context.Context) Span { return nil }
