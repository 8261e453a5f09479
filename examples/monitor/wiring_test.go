package monitor

import (
	"context"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"

	"github.com/inprocchain/inprocchain/chaintest"
)

// TestMain fails if a test leaves a goroutine behind.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestWiring(t *testing.T) {
	spans := tracetest.NewSpanRecorder()
	app, err := Start(sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = app.Stop(context.Background()) })
	conn, err := app.Dial()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })

	check := func(ctx context.Context, cc grpc.ClientConnInterface) error {
		ctx = metadata.AppendToOutgoingContext(ctx, "tenant", "acme")
		_, err := healthpb.NewHealthClient(cc).Check(ctx, &healthpb.HealthCheckRequest{})
		return err
	}
	chaintest.CompareConns(t, conn, app.Channel, check,
		chaintest.WithSpans(spans), chaintest.WithSideEffects(app.Audit.NewLines))

	checkWithoutTenant := func(ctx context.Context, cc grpc.ClientConnInterface) error {
		_, err := healthpb.NewHealthClient(cc).Check(ctx, &healthpb.HealthCheckRequest{})
		return err
	}
	chaintest.CompareConns(t, conn, app.Channel, checkWithoutTenant,
		chaintest.WithErrorCode(codes.InvalidArgument), chaintest.WithoutSideEffects(app.Audit.NewLines))
}
