package chaintest_test

import (
	"context"
	"fmt"
	"sync/atomic"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"google.golang.org/grpc"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/chaintest"
)

// Calls may make several RPCs. It returns an error if one does not do what the test needs.
func ExampleCalls() {
	var calls chaintest.Calls = func(ctx context.Context, cc grpc.ClientConnInterface) error {
		client := healthpb.NewHealthClient(cc)
		if _, err := client.Check(ctx, &healthpb.HealthCheckRequest{}); err != nil {
			return err
		}
		_, err := client.List(ctx, &healthpb.HealthListRequest{})
		return err
	}

	t := printer{} // in a test, its *testing.T
	chaintest.Compare(t, inprocchain.Chain{}, registerHealth, calls)

	// Output:
}

// All tests of an application use the same options. Its channel has an empty chain, so its
// spans and its audit log are missing.
func ExampleOption() {
	spans, audit := tracetest.NewSpanRecorder(), new(auditLog)
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))
	options := []chaintest.Option{
		chaintest.WithSpans(spans),
		chaintest.WithEffects(audit.newLines),
	}
	chain := inprocchain.NewChain(
		inprocchain.WithServerStatsHandlers(otelgrpc.NewServerHandler(otelgrpc.WithTracerProvider(provider))),
		inprocchain.WithUnaryServerInterceptors(audit.intercept))
	app := newApp(chain, inprocchain.Chain{}, registerHealth)
	defer app.stop()

	t := printer{} // in a test, its *testing.T
	chaintest.CompareConns(t, app.conn, app.channel, check, options...)

	// Output:
	// chaintest: server span "grpc.health.v1.Health/Check" was recorded only on the network
	// chaintest: what the function of WithEffects returned differs (- on the network, + in-process):
}

// The effect is a metric, the number of RPCs. The application gave its channel the
// interceptor twice.
func ExampleWithEffects() {
	var rpcs atomic.Int64
	count := func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		rpcs.Add(1)
		return handler(ctx, req)
	}
	counted := func() any { // since the last call
		n := rpcs.Swap(0)
		fmt.Println("RPCs:", n)
		return n
	}
	chain := inprocchain.NewChain(inprocchain.WithUnaryServerInterceptors(count))
	app := newApp(chain, inprocchain.NewChain(chain, chain), registerHealth)
	defer app.stop()

	t := printer{} // in a test, its *testing.T
	chaintest.CompareConns(t, app.conn, app.channel, check, chaintest.WithEffects(counted))

	// Output:
	// RPCs: 1
	// RPCs: 2
	// chaintest: what the function of WithEffects returned differs (- on the network, + in-process):
}

// The service returns the time, which differs in each run. Ignore its seconds and
// nanoseconds. In a testing/synctest bubble nothing needs to be ignored.
func ExampleWithCmpOptions() {
	t := printer{} // in a test, its *testing.T
	chaintest.Compare(t, inprocchain.Chain{}, registerClock, now,
		chaintest.WithCmpOptions(protocmp.IgnoreFields(&timestamppb.Timestamp{}, "seconds", "nanos")))

	// Output:
}
