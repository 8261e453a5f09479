package chaintest_test

import (
	"context"
	"sync/atomic"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
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
		chaintest.WithSideEffects(audit.newLines),
	}
	chain := inprocchain.NewChain(
		inprocchain.WithServerStatsHandlers(otelgrpc.NewServerHandler(otelgrpc.WithTracerProvider(provider))),
		inprocchain.WithUnaryServerInterceptors(audit.intercept))
	app := newApp(chain, inprocchain.Chain{}, registerHealth)
	defer app.stop()

	t := printer{} // in a test, its *testing.T
	chaintest.CompareConns(t, app.conn, app.channel, check, options...)

	// Output:
	// chaintest: in-process, no span of an RPC: did the call make an RPC, and is the server's stats handler on the channel, too? Give inprocchain.New the chain that the network server has
	// chaintest: side effects differ (-network +in-process): is an interceptor or a stats handler missing on the Channel, or in another place than on the server?
}

// The effect is a metric, the number of RPCs. The application gave its channel the
// interceptor twice.
func ExampleWithSideEffects() {
	var rpcs atomic.Int64
	count := func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		rpcs.Add(1)
		return handler(ctx, req)
	}
	newRPCs := func() int64 { return rpcs.Swap(0) } // since the last call
	chain := inprocchain.NewChain(inprocchain.WithUnaryServerInterceptors(count))
	app := newApp(chain, inprocchain.NewChain(chain, chain), registerHealth)
	defer app.stop()

	t := printer{} // in a test, its *testing.T
	chaintest.CompareConns(t, app.conn, app.channel, check, chaintest.WithSideEffects(newRPCs))

	// Output:
	// chaintest: side effects differ (-network +in-process): is an interceptor or a stats handler missing on the server, or twice on the Channel?
}

// Neither the server nor the channel of this application has the audit log's interceptor.
// There is no difference, but there is nothing to compare either.
func ExampleWithSideEffects_missingOnBoth() {
	audit := new(auditLog)
	app := newApp(inprocchain.Chain{}, inprocchain.Chain{}, registerHealth)
	defer app.stop()

	t := printer{} // in a test, its *testing.T
	chaintest.CompareConns(t, app.conn, app.channel, check, chaintest.WithSideEffects(audit.newLines))

	// Output:
	// chaintest: no side effects on either connection: is what writes them missing on both, or is it in the wrong place, such as outside of the span to which it adds? If the calls must leave none, use WithoutSideEffects
}

// The audit log must not have a line for a request that is refused, so its interceptor
// belongs behind the one that refuses. It is before it here.
func ExampleWithoutSideEffects() {
	audit := new(auditLog)
	refuse := func(context.Context, any, *grpc.UnaryServerInfo, grpc.UnaryHandler) (any, error) {
		return nil, status.Error(codes.Unauthenticated, "no token")
	}
	chain := inprocchain.NewChain(inprocchain.WithUnaryServerInterceptors(audit.intercept, refuse))
	app := newApp(chain, chain, registerHealth)
	defer app.stop()

	t := printer{} // in a test, its *testing.T
	chaintest.CompareConns(t, app.conn, app.channel, check,
		chaintest.WithErrorCode(codes.Unauthenticated), chaintest.WithoutSideEffects(audit.newLines))

	// Output:
	// chaintest: on the network, the calls left side effects, but WithoutSideEffects allows none: [/grpc.health.v1.Health/Check Unauthenticated]
	// chaintest: in-process, the calls left side effects, but WithoutSideEffects allows none: [/grpc.health.v1.Health/Check Unauthenticated]
}

// The call is meant to fail, and its status is compared. Without the option, CompareConns
// would report the error. Without authentication on either side, it reports that there is
// none.
func ExampleWithErrorCode() {
	app := newApp(inprocchain.Chain{}, inprocchain.Chain{}, registerHealth)
	defer app.stop()
	withoutToken := check

	t := printer{} // in a test, its *testing.T
	chaintest.CompareConns(t, app.conn, app.channel, withoutToken, chaintest.WithErrorCode(codes.Unauthenticated))

	// Output:
	// chaintest: on the network, calls returned no error, but it is meant to fail with Unauthenticated
	// chaintest: in-process, calls returned no error, but it is meant to fail with Unauthenticated
}

// The service returns the time, which differs in each run. Ignore its seconds and
// nanoseconds. In a testing/synctest bubble nothing needs to be ignored.
func ExampleWithCmpOptions() {
	t := printer{} // in a test, its *testing.T
	chaintest.Compare(t, inprocchain.Chain{}, registerClock, now,
		chaintest.WithCmpOptions(protocmp.IgnoreFields(&timestamppb.Timestamp{}, "seconds", "nanos")))

	// Output:
}
