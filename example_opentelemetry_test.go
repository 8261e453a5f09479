package inprocchain_test

import (
	"context"
	"fmt"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/inprocchain/inprocchain"
)

// OpenTelemetry on both sides of an RPC: the server span is a child of the
// client span, as on a network.
func Example_openTelemetry() {
	spans := tracetest.NewSpanRecorder() // an application uses an exporter
	options := []otelgrpc.Option{
		otelgrpc.WithTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))),
		otelgrpc.WithPropagators(propagation.TraceContext{}),
	}
	chain := inprocchain.NewChain(
		inprocchain.WithServerStatsHandlers(otelgrpc.NewServerHandler(options...)),
		inprocchain.WithClientStatsHandlers(otelgrpc.NewClientHandler(options...)),
	)

	channel := inprocchain.New(chain)
	healthpb.RegisterHealthServer(channel, health.NewServer())

	resp, err := healthpb.NewHealthClient(channel).Check(context.Background(), &healthpb.HealthCheckRequest{})
	fmt.Println(resp.GetStatus(), err)

	server, client := spans.Ended()[0], spans.Ended()[1]
	fmt.Println(client.SpanKind(), client.Name())
	fmt.Println(server.SpanKind(), server.Name())
	fmt.Println("the client span is the parent:", server.Parent().SpanID() == client.SpanContext().SpanID())
	// Output:
	// SERVING <nil>
	// client grpc.health.v1.Health/Check
	// server grpc.health.v1.Health/Check
	// the client span is the parent: true
}
