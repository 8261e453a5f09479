package chaintest_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/chaintest"
)

// A printer takes the place of a test's *testing.T. It prints the first line of each failure,
// without the details that follow.
type printer struct{ testing.TB }

func (printer) Helper() {}

func (printer) Context() context.Context { return context.Background() }

func (printer) Errorf(format string, args ...any) {
	first, _, _ := strings.Cut(fmt.Sprintf(format, args...), "\n")
	fmt.Println(first)
}

// dial runs a server, and returns a connection to it.
func dial(server *grpc.Server) *grpc.ClientConn {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go func() { _ = server.Serve(listener) }()
	conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		panic(err)
	}
	return conn
}

// check makes the RPCs that the tests compare.
func check(ctx context.Context, cc grpc.ClientConnInterface) error {
	_, err := healthpb.NewHealthClient(cc).Check(ctx, &healthpb.HealthCheckRequest{})
	return err
}

// This chain has an interceptor that accepts callers by the address of their
// connection. An in-process caller has another address, and Compare reports
// that it is refused.
func ExampleCompare() {
	local := func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		if from, _ := peer.FromContext(ctx); from.Addr.Network() != "bufconn" {
			return nil, status.Error(codes.PermissionDenied, "you are not local")
		}
		return handler(ctx, req)
	}
	chain := inprocchain.NewChain(inprocchain.WithUnaryServerInterceptors(local))
	register := func(s grpc.ServiceRegistrar) { healthpb.RegisterHealthServer(s, health.NewServer()) }

	t := printer{} // in a test, its *testing.T
	chaintest.Compare(t, chain, register, check)
	// Output:
	// chaintest: /grpc.health.v1.Health/Check, RPC 1 of 1, is not the same in-process as on the network: does an interceptor depend on the connection, such as on the peer's address? Both sides run the same Chain
	// chaintest: in-process, calls returned an error: rpc error: code = PermissionDenied desc = you are not local
}

// The application forgot the audit interceptor on its Channel. Every response is the same, so
// CompareConns without options would report nothing. With the lines of the audit log as a
// side effect, it does.
func ExampleCompareConns() {
	var lines []string // of the audit log
	audit := func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		lines = append(lines, info.FullMethod)
		return handler(ctx, req)
	}
	server := grpc.NewServer(grpc.UnaryInterceptor(audit))
	channel := inprocchain.New()
	healthpb.RegisterHealthServer(inprocchain.MultiRegistrar(server, channel), health.NewServer())
	conn := dial(server)
	defer server.Stop()
	defer func() { _ = conn.Close() }()

	t := printer{}                // in a test, its *testing.T
	newLines := func() []string { // since the last call
		added := lines
		lines = nil
		return added
	}
	chaintest.CompareConns(t, conn, channel, func(ctx context.Context, cc grpc.ClientConnInterface) error {
		_, err := healthpb.NewHealthClient(cc).Check(ctx, &healthpb.HealthCheckRequest{})
		return err
	}, chaintest.WithSideEffects(newLines))
	// Output:
	// chaintest: side effects differ (-network +in-process): is an interceptor or a stats handler missing on the Channel, or in another place than on the server?
}

// The side effect is a metric, the number of RPCs. The application gave its Channel the
// interceptor twice.
func ExampleWithSideEffects() {
	rpcs := 0
	count := func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		rpcs++
		return handler(ctx, req)
	}
	server := grpc.NewServer(grpc.UnaryInterceptor(count))
	channel := inprocchain.New(inprocchain.WithUnaryServerInterceptors(count, count))
	healthpb.RegisterHealthServer(inprocchain.MultiRegistrar(server, channel), health.NewServer())
	conn := dial(server)
	defer server.Stop()
	defer func() { _ = conn.Close() }()

	newRPCs := func() int { // since the last call
		added := rpcs
		rpcs = 0
		return added
	}
	t := printer{} // in a test, its *testing.T
	chaintest.CompareConns(t, conn, channel, check, chaintest.WithSideEffects(newRPCs))
	// Output:
	// chaintest: side effects differ (-network +in-process): is an interceptor or a stats handler missing on the server, or twice on the Channel?
}

// The metric must not count a request that is refused, so its interceptor belongs behind the
// one that refuses. It is before it here.
func ExampleWithoutSideEffects() {
	rpcs := 0
	count := func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		rpcs++
		return handler(ctx, req)
	}
	refuse := func(context.Context, any, *grpc.UnaryServerInfo, grpc.UnaryHandler) (any, error) {
		return nil, status.Error(codes.Unauthenticated, "no token")
	}
	channel := inprocchain.New(inprocchain.WithUnaryServerInterceptors(count, refuse))
	healthpb.RegisterHealthServer(channel, health.NewServer())
	server := channel.NewServer()
	conn := dial(server)
	defer server.Stop()
	defer func() { _ = conn.Close() }()

	newRPCs := func() int { // since the last call
		added := rpcs
		rpcs = 0
		return added
	}
	t := printer{} // in a test, its *testing.T
	chaintest.CompareConns(t, conn, channel, check,
		chaintest.WithErrorCode(codes.Unauthenticated), chaintest.WithoutSideEffects(newRPCs))
	// Output:
	// chaintest: on the network, the calls left side effects, but WithoutSideEffects allows none: is an interceptor that refuses the calls missing, or does it run after the one that writes?
	// chaintest: in-process, the calls left side effects, but WithoutSideEffects allows none: is an interceptor that refuses the calls missing, or does it run after the one that writes?
}

// The call has no token, so it is meant to fail, and its status is compared. The application
// forgot authentication on both sides.
func ExampleWithErrorCode() {
	channel := inprocchain.New()
	healthpb.RegisterHealthServer(channel, health.NewServer())
	server := channel.NewServer()
	conn := dial(server)
	defer server.Stop()
	defer func() { _ = conn.Close() }()

	t := printer{} // in a test, its *testing.T
	chaintest.CompareConns(t, conn, channel, check, chaintest.WithErrorCode(codes.Unauthenticated))
	// Output:
	// chaintest: on the network, calls returned no error, but it is meant to fail with Unauthenticated: is an interceptor that refuses the calls missing, or does calls drop the error?
	// chaintest: in-process, calls returned no error, but it is meant to fail with Unauthenticated: is an interceptor that refuses the calls missing, or does calls drop the error?
}

// The application did not give its Channel the server's stats handler. Responses are the
// same. The spans are not.
func ExampleWithSpans() {
	spans := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))
	server := grpc.NewServer(grpc.StatsHandler(otelgrpc.NewServerHandler(otelgrpc.WithTracerProvider(provider))))
	channel := inprocchain.New()
	healthpb.RegisterHealthServer(inprocchain.MultiRegistrar(server, channel), health.NewServer())
	conn := dial(server)
	defer server.Stop()
	defer func() { _ = conn.Close() }()

	t := printer{} // in a test, its *testing.T
	chaintest.CompareConns(t, conn, channel, check, chaintest.WithSpans(spans))
	// Output:
	// chaintest: in-process, no span of an RPC: did the call make an RPC, and is the server's stats handler on the channel, too? Give inprocchain.New the chain that the network server has
}

// The Channel has only a part of the chain that the network server has.
func ExampleTraced() {
	spans := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))
	channel := inprocchain.New(
		inprocchain.WithClientStatsHandlers(otelgrpc.NewClientHandler(otelgrpc.WithTracerProvider(provider))))
	healthpb.RegisterHealthServer(channel, health.NewServer())

	t := printer{} // in a test, its *testing.T
	chaintest.Traced(t, spans, func(ctx context.Context) error { return check(ctx, channel) })
	// Output:
	// chaintest: no server span for /grpc.health.v1.Health/Check: is the server's stats handler on the channel, too? Give inprocchain.New the chain that the network server has
}

// An application without client instrumentation leaves server spans only.
func ExampleWithServerSpansOnly() {
	spans := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))
	channel := inprocchain.New(
		inprocchain.WithServerStatsHandlers(otelgrpc.NewServerHandler(otelgrpc.WithTracerProvider(provider))))
	healthpb.RegisterHealthServer(channel, health.NewServer())

	t := printer{} // in a test, its *testing.T
	chaintest.Traced(t, spans, func(ctx context.Context) error { return check(ctx, channel) }, chaintest.WithServerSpansOnly())
	fmt.Println(len(spans.Ended()), "span")
	// Output:
	// 1 span
}
