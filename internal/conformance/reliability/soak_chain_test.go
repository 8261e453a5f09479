package reliability_test

import (
	"context"
	"encoding/json"
	"io"

	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/logging"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/recovery"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/otel/propagation"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
)

const panicMessage = "a handler panicked"

// chain is the chain of examples/flags (OpenTelemetry, logging, recovery,
// authentication and an audit log) between two event counters on each side.
func (s *soak) chain() inprocchain.Chain {
	panicked := recovery.WithRecoveryHandler(func(any) error { return status.Error(codes.Internal, panicMessage) })
	log := logging.LoggerFunc(func(context.Context, logging.Level, string, ...any) {})
	return inprocchain.NewChain(
		inprocchain.WithServerStatsHandlers(s.counters["first server"], otelgrpc.NewServerHandler(telemetry()...), s.counters["last server"]),
		inprocchain.WithUnaryServerInterceptors(logging.UnaryServerInterceptor(log), recovery.UnaryServerInterceptor(panicked)),
		inprocchain.WithStreamServerInterceptors(logging.StreamServerInterceptor(log), recovery.StreamServerInterceptor(panicked)),
		authenticated,
		inprocchain.WithUnaryServerInterceptors(audited),
		inprocchain.WithClientStatsHandlers(s.counters["first client"], otelgrpc.NewClientHandler(telemetry()...), s.counters["last client"]),
		inprocchain.WithUnaryClientInterceptors(logging.UnaryClientInterceptor(log), withTokenUnary),
		inprocchain.WithStreamClientInterceptors(withTokenStream), // The logging interceptor has a data race between SendMsg and RecvMsg.
	)
}

// audited writes a line and a span event for each RPC that succeeds.
func audited(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	resp, err := handler(ctx, req)
	if err != nil {
		return nil, err
	}
	trace.SpanFromContext(ctx).AddEvent("audit")
	return resp, json.NewEncoder(io.Discard).Encode(map[string]string{"action": info.FullMethod})
}

// telemetry returns options that record all spans and metrics without exporting them.
func telemetry() []otelgrpc.Option {
	return []otelgrpc.Option{
		otelgrpc.WithTracerProvider(sdktrace.NewTracerProvider()),
		otelgrpc.WithMeterProvider(sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewManualReader()))),
		otelgrpc.WithPropagators(propagation.TraceContext{}),
	}
}

func withTokenUnary(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	return invoker(metadata.AppendToOutgoingContext(ctx, "token", "good"), method, req, reply, cc, opts...)
}

func withTokenStream(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	return streamer(metadata.AppendToOutgoingContext(ctx, "token", "good"), desc, cc, method, opts...)
}
