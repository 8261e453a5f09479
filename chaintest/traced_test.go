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
)

// A tracing handler makes the spans that otelgrpc makes.
type tracing struct {
	tracer    trace.Tracer
	kind      trace.SpanKind
	forgetful bool // hands no context on, or takes none
	endless   bool // ends no span
}

func (h tracing) TagRPC(ctx context.Context, info *stats.RPCTagInfo) context.Context {
	var w3c propagation.TraceContext
	if h.kind == trace.SpanKindServer && !h.forgetful {
		md, _ := metadata.FromIncomingContext(ctx)
		ctx = w3c.Extract(ctx, carrier(md))
	}
	ctx, _ = h.tracer.Start(ctx, info.FullMethodName[1:], trace.WithSpanKind(h.kind), trace.WithAttributes(attribute.String("rpc.system.name", "grpc")))
	if h.kind == trace.SpanKindClient && !h.forgetful {
		md, _ := metadata.FromOutgoingContext(ctx)
		md = md.Copy()
		w3c.Inject(ctx, carrier(md))
		ctx = metadata.NewOutgoingContext(ctx, md)
	}
	return ctx
}

func (h tracing) HandleRPC(ctx context.Context, s stats.RPCStats) {
	if _, ok := s.(*stats.End); ok && !h.endless {
		trace.SpanFromContext(ctx).End()
	}
}

func (tracing) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

func (tracing) HandleConn(context.Context, stats.ConnStats) {}

// A carrier makes metadata of what propagators know.
type carrier metadata.MD

func (c carrier) Get(key string) string { return strings.Join(metadata.MD(c).Get(key), ",") }

func (c carrier) Set(key, value string) { metadata.MD(c).Set(key, value) }

func (c carrier) Keys() []string { return nil }

// A traceTest is a channel whose chain makes spans.
type traceTest struct {
	spans          *tracetest.SpanRecorder
	client, server tracing
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

// on traces the call on a side that has these handlers.
func (tt traceTest) on(t *testing.T, on side, clients, servers []stats.Handler, call func(context.Context, grpc.ClientConnInterface) error) []string {
	t.Helper()
	served, err := on.open(t.Context(), inprocchain.NewChain(
		inprocchain.WithClientStatsHandlers(clients...), inprocchain.WithServerStatsHandlers(servers...)), register)
	if err != nil {
		t.Fatal(err)
	}
	defer served.close()
	return failuresOf(t, func(t testing.TB) {
		traced(t, tt.spans, func(ctx context.Context) error { return call(ctx, served.cc) }, 50*time.Millisecond)
	})
}

func callBoth(ctx context.Context, cc grpc.ClientConnInterface) error {
	return errors.Join(callUnary("message")(ctx, cc), callBidi(ctx, cc))
}

func TestTracedAcceptsWholeTraces(t *testing.T) {
	t.Parallel()
	tt := newTraceTest()
	for _, on := range []side{onNetwork, inProcess} {
		t.Run(on.name, func(t *testing.T) {
			for range 2 { // what spans held before does not matter
				if failures := tt.on(t, on, []stats.Handler{tt.client}, []stats.Handler{tt.server}, callBoth); failures != nil {
					t.Errorf("failures: %q", failures)
				}
			}
		})
	}
}

func TestTracedReportsGaps(t *testing.T) {
	t.Parallel()
	rootless := func(ctx context.Context, cc grpc.ClientConnInterface) error {
		return callBoth(trace.ContextWithSpanContext(ctx, trace.SpanContext{}), cc)
	}
	for _, c := range []struct {
		name             string
		clients, servers func(traceTest) []stats.Handler
		call             func(context.Context, grpc.ClientConnInterface) error
		wants            []string
		failures         int
	}{
		{"no server span", clientOnce, nobody, callBoth, []string{
			"no server span for " + unaryMethod + ": is the server's stats handler on the channel, too? give inprocchain.New the chain that the network server has",
			"no server span for " + bidiMethod,
		}, 2},
		{"no client span", nobody, serverOnce, callBoth, []string{
			"no client span for " + unaryMethod + ": is the client's stats handler on the channel, too? give inprocchain.New the chain that the network client has",
			"no client span for " + bidiMethod,
		}, 2},
		{"no span", nobody, nobody, callBoth, []string{"no span of an RPC: did the call make none, or has neither side a stats handler?"}, 1},
		{"no RPC", clientOnce, serverOnce, func(context.Context, grpc.ClientConnInterface) error { return nil }, []string{"no span of an RPC"}, 1},
		{"client twice", func(tt traceTest) []stats.Handler { return []stats.Handler{tt.client, tt.client} }, serverOnce, callUnary(""), []string{
			"two client spans for " + unaryMethod + ": is its stats handler registered twice?",
		}, 1},
		{"server twice", clientOnce, func(tt traceTest) []stats.Handler { return []stats.Handler{tt.server, tt.server} }, callUnary(""), []string{
			"more than one server span for " + unaryMethod + ": is its stats handler registered twice?",
		}, 1},
		{"server under server", clientOnce, func(tt traceTest) []stats.Handler {
			inner := tt.server
			inner.forgetful = true
			return []stats.Handler{tt.server, inner}
		}, callUnary(""), []string{"two server spans for " + unaryMethod}, 1},
		{"not handed on", func(tt traceTest) []stats.Handler {
			tt.client.forgetful = true
			return []stats.Handler{tt.client}
		}, serverOnce, callUnary(""), []string{
			"the server span for " + unaryMethod + " is no child of its client span: is the context of the RPC handed on, and have both stats handlers the same propagator",
		}, 1},
		{"not taken", clientOnce, func(tt traceTest) []stats.Handler {
			tt.server.forgetful = true
			return []stats.Handler{tt.server}
		}, callUnary(""), []string{"the server span for " + unaryMethod + " is no child of its client span"}, 1},
		{"another trace", clientOnce, serverOnce, rootless, []string{
			"the client span for " + unaryMethod + " is not in the trace of the call: does the call make its RPCs with the context that it is given?",
			"the client span for " + bidiMethod + " is not in the trace",
		}, 2},
		{"not ended", func(tt traceTest) []stats.Handler {
			tt.client.endless = true
			return []stats.Handler{tt.client}
		}, serverOnce, callUnary(""), []string{"the client span for " + unaryMethod + " has not ended"}, 1},
		{"error", clientOnce, serverOnce, callUnary("fail"), []string{"the call to trace returned an error: rpc error: code = NotFound"}, 1},
	} {
		for _, on := range []side{onNetwork, inProcess} {
			t.Run(c.name+" "+on.name, func(t *testing.T) {
				t.Parallel()
				tt := newTraceTest()
				failures := tt.on(t, on, c.clients(tt), c.servers(tt), c.call)
				mustFailWith(t, failures, c.wants...)
				if len(failures) != c.failures {
					t.Errorf("%d failures, want %d: %q", len(failures), c.failures, failures)
				}
			})
		}
	}
}

func nobody(traceTest) []stats.Handler        { return nil }
func clientOnce(tt traceTest) []stats.Handler { return []stats.Handler{tt.client} }
func serverOnce(tt traceTest) []stats.Handler { return []stats.Handler{tt.server} }

func TestTracedKnowsSpansBetween(t *testing.T) {
	t.Parallel()
	spans := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))
	traced(t, spans, func(ctx context.Context) error {
		start := func(ctx context.Context, scope, name string, kind trace.SpanKind) context.Context {
			ctx, span := provider.Tracer(scope).Start(ctx, name, trace.WithSpanKind(kind))
			defer span.End()
			return ctx
		}
		ctx = start(ctx, "app", "work", trace.SpanKindInternal)
		ctx = start(ctx, "app", "GET /", trace.SpanKindServer) // not gRPC's
		ctx = start(ctx, "grpc-go", "Sent.service.Method", trace.SpanKindClient)
		ctx = start(ctx, "grpc-go", "Attempt.service.Method", trace.SpanKindInternal)
		ctx = start(ctx, "grpc-go", "Recv.service.Method", trace.SpanKindServer)
		start(ctx, "app", "SELECT", trace.SpanKindClient)
		return nil
	}, time.Second)
}

func TestTracedIsNotMisused(t *testing.T) {
	t.Parallel()
	none := func(context.Context) error { return nil }
	for _, test := range []func(testing.TB){
		func(t testing.TB) { Traced(t, nil, none) },
		func(t testing.TB) { Traced(t, tracetest.NewSpanRecorder(), nil) },
	} {
		mustFailWith(t, failuresOf(t, test), "spans and call must not be nil")
	}
}
