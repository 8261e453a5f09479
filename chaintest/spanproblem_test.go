package chaintest

import (
	"context"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/stats"

	"github.com/inprocchain/inprocchain"
)

// What is missing on both connections is no difference.
func TestWithSpansReportsProblemsOnBothConnections(t *testing.T) {
	t.Parallel()
	const none = "on both connections, no span of an RPC: did the call make an RPC, and is the server's stats handler missing on both"
	for _, c := range []struct {
		name     string
		handlers func(traceTest) []stats.Handler
		database bool // whether handlers have spans of their own
		wants    []string
	}{
		{"no span", noHandler, false, []string{"no span was recorded; give the tracer provider of the application sdktrace.WithSpanProcessor(spans)"}},
		{"only spans of handlers", noHandler, true, []string{none}},
		{"no server span", clientOnce, true, []string{"on both connections, no server span for " + unaryMethod + ", " + bidiMethod + ": is the server's stats handler missing on both"}},
		{"no client span", serverOnce, true, nil},
		{"server handler twice", func(tt traceTest) []stats.Handler { return []stats.Handler{tt.client, tt.server, tt.server} }, true, []string{
			"on both connections, more than one server span for " + unaryMethod + ", " + bidiMethod + ": is its stats handler registered twice?",
		}},
		{"client handler twice", func(tt traceTest) []stats.Handler { return []stats.Handler{tt.client, tt.client, tt.server} }, true, []string{
			"on both connections, more than one client span for " + unaryMethod + ", " + bidiMethod,
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			tt := newTraceTest()
			tt.database = c.database
			failures := tt.compareSpans(t, c.handlers(tt), c.handlers(tt), callBoth)
			mustFailWith(t, failures, c.wants...)
			mustHaveFailures(t, failures, len(c.wants))
		})
	}
}

// Without client instrumentation, no client span is missed on one connection either.
func TestWithSpansReportsAMissingServerSpanWithoutClientSpans(t *testing.T) {
	t.Parallel()
	tt := newTraceTest()
	failures := tt.compareSpans(t, serverOnce(tt), nil, callBoth)
	mustFailWith(t, failures, "in-process, no span of an RPC: did the call make an RPC, and is the server's stats handler on the channel, too?")
	mustHaveFailures(t, failures, 1)
}

// databaseSpans returns interceptors that make a span around each handler, as a client of a
// database does.
func (tt traceTest) databaseSpans() inprocchain.Option {
	query := func(ctx context.Context) {
		_, span := tt.server.tracer.Start(ctx, "SELECT", trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(attribute.String("db.system.name", "sqlite")))
		span.End()
	}
	return inprocchain.NewChain(
		unaryServer(func(ctx context.Context, req any, next grpc.UnaryHandler) (any, error) {
			query(ctx)
			return next(ctx, req)
		}),
		inprocchain.WithStreamServerInterceptors(func(srv any, ss grpc.ServerStream, _ *grpc.StreamServerInfo, next grpc.StreamHandler) error {
			query(ss.Context())
			return next(srv, ss)
		}),
	)
}
