package chaintest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/testservice"
)

// A tracing is a stats handler that makes spans as otelgrpc does.
type tracing struct {
	testservice.NoStats
	delay    time.Duration    // before a span begins
	change   func(trace.Span) // nil, or called before a span ends
	tracer   trace.Tracer
	kind     trace.SpanKind
	unlinked bool // whether it ignores the trace context in the metadata
	unended  bool // whether it never ends its spans
}

func (h tracing) TagRPC(ctx context.Context, info *stats.RPCTagInfo) context.Context {
	var w3c propagation.TraceContext
	time.Sleep(h.delay)
	if h.kind == trace.SpanKindServer && !h.unlinked {
		md, _ := metadata.FromIncomingContext(ctx)
		ctx = w3c.Extract(ctx, carrier(md))
	}
	ctx, _ = h.tracer.Start(ctx, info.FullMethodName[1:], trace.WithSpanKind(h.kind), trace.WithAttributes(attribute.String("rpc.system.name", "grpc")))
	if h.kind == trace.SpanKindClient && !h.unlinked {
		md, _ := metadata.FromOutgoingContext(ctx)
		md = md.Copy()
		w3c.Inject(ctx, carrier(md))
		ctx = metadata.NewOutgoingContext(ctx, md)
	}
	return ctx
}

func (h tracing) HandleRPC(ctx context.Context, s stats.RPCStats) {
	if _, ok := s.(*stats.End); !ok || h.unended {
		return
	}
	span := trace.SpanFromContext(ctx)
	if h.change != nil {
		h.change(span)
	}
	span.End()
}

// A carrier is metadata that propagators can read and write.
type carrier metadata.MD

func (c carrier) Get(key string) string { return strings.Join(metadata.MD(c).Get(key), ",") }

func (c carrier) Set(key, value string) { metadata.MD(c).Set(key, value) }

func (c carrier) Keys() []string { return nil }

// A traceTest has stats handlers that make spans, and the recorder of the spans.
type traceTest struct {
	spans           *tracetest.SpanRecorder
	client, server  tracing
	serverSpansOnly bool
	database        bool // whether handlers have spans of a database
}

func newTraceTest() traceTest {
	spans := tracetest.NewSpanRecorder()
	tracer := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans)).Tracer("test")
	return traceTest{
		spans:  spans,
		client: tracing{tracer: tracer, kind: trace.SpanKindClient},
		server: tracing{tracer: tracer, kind: trace.SpanKindServer},
	}
}

// trace calls traced for a call over a transport with these stats handlers, and returns
// the failures.
func (tt traceTest) trace(t *testing.T, over transport, clients, servers []stats.Handler, call func(context.Context, grpc.ClientConnInterface) error) []string {
	t.Helper()
	conn, err := over.open(t.Context(), inprocchain.NewChain(
		inprocchain.WithClientStatsHandlers(clients...), inprocchain.WithServerStatsHandlers(servers...)), register)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.close()
	return failuresOf(t, func(t testing.TB) {
		traced(t, tt.spans, func(ctx context.Context) error { return call(ctx, conn.conn) }, settings{serverSpansOnly: tt.serverSpansOnly}, 50*time.Millisecond)
	})
}

func callBoth(ctx context.Context, cc grpc.ClientConnInterface) error {
	return errors.Join(callUnary("message")(ctx, cc), callBidi(ctx, cc))
}

func TestTracedPassesIfEveryRPCHasItsSpans(t *testing.T) {
	t.Parallel()
	tt := newTraceTest()
	for _, over := range []transport{network, inProcess} {
		t.Run(over.name, func(t *testing.T) {
			for range 2 { // The second call ignores the spans of the first.
				if failures := tt.trace(t, over, []stats.Handler{tt.client}, []stats.Handler{tt.server}, callBoth); failures != nil {
					t.Errorf("failures: %q", failures)
				}
			}
		})
	}
}

func TestTracedReportsProblems(t *testing.T) {
	t.Parallel()
	otherTrace := func(ctx context.Context, cc grpc.ClientConnInterface) error {
		return callBoth(trace.ContextWithSpanContext(ctx, trace.SpanContext{}), cc)
	}
	for _, c := range []struct {
		name             string
		clients, servers func(traceTest) []stats.Handler
		call             func(context.Context, grpc.ClientConnInterface) error
		wants            []string
		failures         int
	}{
		{"no server span", clientOnce, noHandler, callBoth, []string{
			"no server span for " + unaryMethod + ", " + bidiMethod + ": is the server's stats handler on the channel, too? Give inprocchain.New the chain that the network server has",
		}, 1},
		{"no client span", noHandler, serverOnce, callBoth, []string{
			"no client span for " + unaryMethod + ", " + bidiMethod + ": is the client's stats handler on the channel, too? Give inprocchain.New the chain that the network client has",
		}, 1},
		{"no span", noHandler, noHandler, callBoth, []string{"no span of an RPC: did the call make an RPC, and is the server's stats handler on the channel, too?"}, 1},
		{"no RPC", clientOnce, serverOnce, func(context.Context, grpc.ClientConnInterface) error { return nil }, []string{"no span of an RPC"}, 1},
		{"client twice", func(tt traceTest) []stats.Handler { return []stats.Handler{tt.client, tt.client} }, serverOnce, callUnary(""), []string{
			"more than one client span for " + unaryMethod + ": is its stats handler registered twice?",
		}, 1},
		{"server twice", clientOnce, func(tt traceTest) []stats.Handler { return []stats.Handler{tt.server, tt.server} }, callUnary(""), []string{
			"more than one server span for " + unaryMethod + ": is its stats handler registered twice?",
		}, 1},
		{"server under server", clientOnce, func(tt traceTest) []stats.Handler {
			inner := tt.server
			inner.unlinked = true
			return []stats.Handler{tt.server, inner}
		}, callUnary(""), []string{"more than one server span for " + unaryMethod}, 1},
		{"context not passed on", func(tt traceTest) []stats.Handler {
			tt.client.unlinked = true
			return []stats.Handler{tt.client}
		}, serverOnce, callUnary(""), []string{
			"the server span for " + unaryMethod + " is not a child of its client span: is the context of the RPC passed on, and do both stats handlers have the same propagator",
		}, 1},
		{"context not read", clientOnce, func(tt traceTest) []stats.Handler {
			tt.server.unlinked = true
			return []stats.Handler{tt.server}
		}, callUnary(""), []string{"the server span for " + unaryMethod + " is not a child of its client span"}, 1},
		{"another trace", clientOnce, serverOnce, otherTrace, []string{
			"the client span for " + unaryMethod + ", " + bidiMethod + " is not in the trace of the call: does the call make its RPCs with the context that it is given?",
		}, 1},
		{"span not ended", func(tt traceTest) []stats.Handler {
			tt.client.unended = true
			return []stats.Handler{tt.client}
		}, serverOnce, callUnary(""), []string{"the client span for " + unaryMethod + " has not ended"}, 1},
		{"error", clientOnce, serverOnce, callUnary("fail"), []string{"the traced call returned an error: rpc error: code = NotFound"}, 1},
	} {
		for _, over := range []transport{network, inProcess} {
			t.Run(c.name+" "+over.name, func(t *testing.T) {
				t.Parallel()
				tt := newTraceTest()
				failures := tt.trace(t, over, c.clients(tt), c.servers(tt), c.call)
				mustFailWith(t, failures, c.wants...)
				mustHaveFailures(t, failures, c.failures)
			})
		}
	}
}

func noHandler(traceTest) []stats.Handler     { return nil }
func clientOnce(tt traceTest) []stats.Handler { return []stats.Handler{tt.client} }
func serverOnce(tt traceTest) []stats.Handler { return []stats.Handler{tt.server} }

func TestTracedIgnoresOtherSpans(t *testing.T) {
	t.Parallel()
	spans := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))
	call := func(ctx context.Context) error {
		start := func(ctx context.Context, scope, name string, kind trace.SpanKind, attributes ...attribute.KeyValue) context.Context {
			ctx, span := provider.Tracer(scope).Start(ctx, name, trace.WithSpanKind(kind), trace.WithAttributes(attributes...))
			defer span.End()
			return ctx
		}
		ctx = start(ctx, "app", "work", trace.SpanKindInternal)
		ctx = start(ctx, "app", "GET /", trace.SpanKindServer)
		ctx = start(ctx, "grpc-gateway", "GET /", trace.SpanKindServer, attribute.String("http.request.method", "GET"))
		ctx = start(ctx, "grpc-go", "Sent.service.Method", trace.SpanKindClient)
		ctx = start(ctx, "grpc-go", "Attempt.service.Method", trace.SpanKindInternal)
		ctx = start(ctx, "grpc-go", "Recv.service.Method", trace.SpanKindServer)
		start(ctx, "app", "SELECT", trace.SpanKindClient)
		return nil
	}
	Traced(t, spans, call)
	Traced(t, spans, call, WithServerSpansOnly())
}

func TestTracedWithServerSpansOnly(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		servers  func(traceTest) []stats.Handler
		call     Calls
		wants    []string
		failures int
	}{
		{"one span for each RPC", serverOnce, callBoth, nil, 0},
		{"no server span", noHandler, callBoth, []string{"no server span: did the call make an RPC, and is the server's stats handler on the channel, too?"}, 1},
		{"server twice", func(tt traceTest) []stats.Handler { return []stats.Handler{tt.server, tt.server} }, callBoth, []string{
			"more than one server span for " + unaryMethod + ", " + bidiMethod + ": is its stats handler registered twice?",
		}, 1},
		{"span not ended", func(tt traceTest) []stats.Handler {
			tt.server.unended = true
			return []stats.Handler{tt.server}
		}, callUnary(""), []string{"the server span for " + unaryMethod + " has not ended"}, 1},
	} {
		for _, over := range []transport{network, inProcess} {
			t.Run(c.name+" "+over.name, func(t *testing.T) {
				t.Parallel()
				tt := newTraceTest()
				tt.serverSpansOnly = true
				failures := tt.trace(t, over, nil, c.servers(tt), c.call)
				mustFailWith(t, failures, c.wants...)
				mustHaveFailures(t, failures, c.failures)
			})
		}
	}
}

func TestTracedReportsMisuse(t *testing.T) {
	t.Parallel()
	none := func(context.Context) error { return nil }
	for want, test := range map[string]func(testing.TB){
		"Traced: spans and call must not be nil; give the tracer provider": func(t testing.TB) { Traced(t, nil, none) },
		"Traced: spans and call must not be nil":                           func(t testing.TB) { Traced(t, tracetest.NewSpanRecorder(), nil) },
		"Traced: WithSideEffects has no effect here": func(t testing.TB) {
			Traced(t, tracetest.NewSpanRecorder(), none, WithSideEffects(func() int { return 0 }))
		},
	} {
		mustFailWith(t, failuresOf(t, test), want)
	}
}
