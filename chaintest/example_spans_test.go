package chaintest_test

import (
	"context"
	"fmt"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/chaintest"
)

// The first channel has only a part of the chain that the network server has.
func ExampleTraced() {
	spans := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))
	options := []otelgrpc.Option{otelgrpc.WithTracerProvider(provider), otelgrpc.WithPropagators(propagation.TraceContext{})}
	client := inprocchain.WithClientStatsHandlers(otelgrpc.NewClientHandler(options...))
	server := inprocchain.WithServerStatsHandlers(otelgrpc.NewServerHandler(options...))

	t := printer{} // in a test, its *testing.T
	incomplete := inprocchain.New(client)
	registerHealth(incomplete)
	chaintest.Traced(t, spans, func(ctx context.Context) error { return check(ctx, incomplete) })

	complete := inprocchain.New(client, server)
	registerHealth(complete)
	chaintest.Traced(t, spans, func(ctx context.Context) error { return check(ctx, complete) })
	fmt.Println(len(spans.Ended()), "spans have ended")

	// Output:
	// chaintest: no server span for /grpc.health.v1.Health/Check: is the server's stats handler on the channel, too? Give inprocchain.New the chain that the network server has
	// 3 spans have ended
}

// An application without client instrumentation leaves server spans only.
func ExampleWithServerSpansOnly() {
	spans := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))
	server := inprocchain.WithServerStatsHandlers(otelgrpc.NewServerHandler(otelgrpc.WithTracerProvider(provider)))

	t := printer{} // in a test, its *testing.T
	channel := inprocchain.New(server)
	registerHealth(channel)
	chaintest.Traced(t, spans, func(ctx context.Context) error { return check(ctx, channel) }, chaintest.WithServerSpansOnly())

	forgotten := inprocchain.New()
	registerHealth(forgotten)
	chaintest.Traced(t, spans, func(ctx context.Context) error { return check(ctx, forgotten) }, chaintest.WithServerSpansOnly())

	// Output:
	// chaintest: no server span: did the call make an RPC, and is the server's stats handler on the channel, too? Give inprocchain.New the chain that the network server has
}

// The application did not give its channel the server's stats handler. Responses
// are the same. The spans are not.
func ExampleWithSpans() {
	spans := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))
	chain := inprocchain.NewChain(
		inprocchain.WithServerStatsHandlers(otelgrpc.NewServerHandler(otelgrpc.WithTracerProvider(provider))))
	app := newApp(chain, inprocchain.Chain{}, registerHealth)
	defer app.stop()

	t := printer{} // in a test, its *testing.T
	chaintest.CompareConns(t, app.conn, app.channel, check, chaintest.WithSpans(spans))

	// Output:
	// chaintest: in-process, no span of an RPC: did the call make an RPC, and is the server's stats handler on the channel, too? Give inprocchain.New the chain that the network server has
}
