package chaintest_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/chaintest"
)

// A printer stands for the *testing.T of a test. It prints what the test fails
// with, the first line of each failure: the others go into detail.
type printer struct{ testing.TB }

func (printer) Helper() {}

func (printer) Context() context.Context { return context.Background() }

func (printer) Error(args ...any) { fmt.Println(args...) }

func (printer) Errorf(format string, args ...any) {
	first, _, _ := strings.Cut(fmt.Sprintf(format, args...), "\n")
	fmt.Println(first)
}

func (printer) Fatal(args ...any) { panic(fmt.Sprint(args...)) }

func (printer) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }

func registerHealth(registrar grpc.ServiceRegistrar) {
	healthpb.RegisterHealthServer(registrar, health.NewServer())
}

func check(ctx context.Context, cc grpc.ClientConnInterface) error {
	_, err := healthpb.NewHealthClient(cc).Check(ctx, &healthpb.HealthCheckRequest{})
	return err
}

// An interceptor that judges callers by their addresses refuses those that
// have none.
func ExampleCompare() {
	local := func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		if from, _ := peer.FromContext(ctx); from.Addr.Network() != "bufconn" {
			return nil, status.Error(codes.PermissionDenied, "you are not local")
		}
		return handler(ctx, req)
	}
	chain := inprocchain.NewChain(inprocchain.WithUnaryServerInterceptors(local))

	t := printer{} // in a test, its *testing.T
	chaintest.Compare(t, chain, registerHealth, check)

	// Output:
	// chaintest: calls returned nil on the network, *status.Error with code PermissionDenied and message "you are not local" in-process
	// chaintest: /grpc.health.v1.Health/Check, RPC 1 of 1, is not the same in-process as on the network:
}

// What the chain adds is there both ways, so nothing is reported.
func ExampleCompare_same() {
	version := func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		if err := grpc.SetHeader(ctx, metadata.Pairs("version", "7")); err != nil {
			return nil, err
		}
		return handler(ctx, req)
	}
	chain := inprocchain.NewChain(inprocchain.WithUnaryServerInterceptors(version))

	t := printer{} // in a test, its *testing.T
	chaintest.Compare(t, chain, registerHealth, func(ctx context.Context, cc grpc.ClientConnInterface) error {
		var header metadata.MD
		_, err := healthpb.NewHealthClient(cc).Check(ctx, &healthpb.HealthCheckRequest{}, grpc.Header(&header))
		fmt.Println("version", header["version"], "error", err)
		return err
	})

	// Output:
	// version [7] error <nil>
	// version [7] error <nil>
}

// The channel has only a part of the chain that the network server has.
func ExampleTraced() {
	spans := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))
	client := inprocchain.WithClientStatsHandlers(handler{provider, trace.SpanKindClient}) // as otelgrpc.NewClientHandler
	server := inprocchain.WithServerStatsHandlers(handler{provider, trace.SpanKindServer}) // as otelgrpc.NewServerHandler

	t := printer{} // in a test, its *testing.T
	forgotten := inprocchain.New(client)
	registerHealth(forgotten)
	chaintest.Traced(t, spans, func(ctx context.Context) error { return check(ctx, forgotten) })

	whole := inprocchain.New(client, server)
	registerHealth(whole)
	chaintest.Traced(t, spans, func(ctx context.Context) error { return check(ctx, whole) })
	fmt.Println(len(spans.Ended()), "spans have ended")

	// Output:
	// chaintest: no server span for /grpc.health.v1.Health/Check: is the server's stats handler on the channel, too? give inprocchain.New the chain that the network server has
	// 3 spans have ended
}

// A handler does what those of otelgrpc do, in short.
type handler struct {
	provider trace.TracerProvider
	kind     trace.SpanKind
}

func (h handler) TagRPC(ctx context.Context, info *stats.RPCTagInfo) context.Context {
	var propagator propagation.TraceContext
	if incoming, ok := metadata.FromIncomingContext(ctx); ok && h.kind == trace.SpanKindServer {
		ctx = propagator.Extract(ctx, carrier(incoming))
	}
	ctx, _ = h.provider.Tracer("grpc").Start(ctx, info.FullMethodName[1:], trace.WithSpanKind(h.kind),
		trace.WithAttributes(attribute.String("rpc.system.name", "grpc")))
	if h.kind == trace.SpanKindClient {
		outgoing := propagation.MapCarrier{}
		propagator.Inject(ctx, outgoing)
		ctx = metadata.AppendToOutgoingContext(ctx, "traceparent", outgoing["traceparent"])
	}
	return ctx
}

func (h handler) HandleRPC(ctx context.Context, s stats.RPCStats) {
	if _, ok := s.(*stats.End); ok {
		trace.SpanFromContext(ctx).End()
	}
}

func (handler) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

func (handler) HandleConn(context.Context, stats.ConnStats) {}

type carrier metadata.MD

func (c carrier) Get(key string) string {
	if values := c[key]; len(values) > 0 {
		return values[0]
	}
	return ""
}

func (c carrier) Set(key, value string) { c[key] = []string{value} }

func (c carrier) Keys() []string { return nil }
