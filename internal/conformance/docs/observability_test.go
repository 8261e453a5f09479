package docs_test

import (
	"context"
	"net"
	"testing"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/test/bufconn"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/chaintest"
)

// The code that docs/observability.md shows.

func newChain(tracers *trace.TracerProvider, meters *metric.MeterProvider) inprocchain.Chain {
	telemetry := []otelgrpc.Option{
		otelgrpc.WithTracerProvider(tracers),
		otelgrpc.WithMeterProvider(meters),
		otelgrpc.WithPropagators(propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{})),
	}
	return inprocchain.NewChain(
		inprocchain.WithClientStatsHandlers(otelgrpc.NewClientHandler(telemetry...)),
		inprocchain.WithServerStatsHandlers(otelgrpc.NewServerHandler(telemetry...)),
	)
}

func TestTelemetryOnceForBoth(t *testing.T) {
	spans := tracetest.NewSpanRecorder()
	tracers := trace.NewTracerProvider(trace.WithSpanProcessor(spans))
	meters := metric.NewMeterProvider()
	listener := bufconn.Listen(1 << 20)

	chain := newChain(tracers, meters)

	channel := inprocchain.New(chain)
	healthpb.RegisterHealthServer(channel, health.NewServer())
	server := channel.NewServer()
	conn, err := grpc.NewClient("passthrough:///network", append(chain.DialOptions(),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }),
	)...)
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = server.Serve(listener) }()
	for _, cc := range []grpc.ClientConnInterface{conn, channel} {
		if _, err := healthpb.NewHealthClient(cc).Check(t.Context(), &healthpb.HealthCheckRequest{}); err != nil {
			t.Error(err)
		}
	}
	if err := conn.Close(); err != nil {
		t.Error(err)
	}
	server.GracefulStop()
	if got := len(spans.Ended()); got != 4 {
		t.Errorf("got %d spans, want 2 for each of the RPCs", got)
	}
}

func TestChainIsTheSameInProcess(t *testing.T) {
	chain := inprocchain.NewChain(
		newChain(trace.NewTracerProvider(), metric.NewMeterProvider()),
		inprocchain.WithUnaryServerInterceptors(recovered),
	)
	register := func(services grpc.ServiceRegistrar) { healthpb.RegisterHealthServer(services, health.NewServer()) }

	chaintest.Compare(t, chain, register, func(ctx context.Context, cc grpc.ClientConnInterface) error {
		_, err := healthpb.NewHealthClient(cc).Check(ctx, &healthpb.HealthCheckRequest{})
		return err
	})
}

func TestEveryRPCIsTraced(t *testing.T) {
	spans := tracetest.NewSpanRecorder()
	tracers := trace.NewTracerProvider(trace.WithSpanProcessor(spans))
	channel := inprocchain.New(newChain(tracers, metric.NewMeterProvider()))
	healthpb.RegisterHealthServer(channel, health.NewServer())

	chaintest.Traced(t, spans, func(ctx context.Context) error {
		_, err := healthpb.NewHealthClient(channel).Check(ctx, &healthpb.HealthCheckRequest{})
		return err
	})
}
