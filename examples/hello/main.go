// Command hello serves a service over TCP and in-process with one Chain, and calls it both ways.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"

	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/logging"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/recovery"
	"github.com/inprocchain/inprocchain"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
)

func main() {
	ctx, spans := context.Background(), tracetest.NewSpanRecorder()
	otel.SetTracerProvider(trace.NewTracerProvider(trace.WithSpanProcessor(spans)))
	otel.SetTextMapPropagator(propagation.TraceContext{})
	log := logging.LoggerFunc(func(ctx context.Context, level logging.Level, msg string, fields ...any) {
		slog.Log(ctx, slog.Level(level), msg, fields...)
	})
	recovered := recovery.WithRecoveryHandler(func(p any) error {
		slog.Error("panic in a handler", "panic", p)
		return status.Error(codes.Internal, "internal error")
	})
	chain := inprocchain.NewChain(
		inprocchain.WithServerStatsHandlers(otelgrpc.NewServerHandler()),
		inprocchain.WithClientStatsHandlers(otelgrpc.NewClientHandler()),
		// Recovery is innermost: logging and tracing see a panic as an Internal error.
		inprocchain.WithUnaryServerInterceptors(logging.UnaryServerInterceptor(log), recovery.UnaryServerInterceptor(recovered)),
		inprocchain.WithStreamServerInterceptors(logging.StreamServerInterceptor(log), recovery.StreamServerInterceptor(recovered)),
	)
	server := grpc.NewServer(chain.ServerOptions()...) // for the network
	channel := inprocchain.New(chain)                  // for this process
	healthpb.RegisterHealthServer(inprocchain.MultiRegistrar(server, channel), health.NewServer())
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	go func() { check(server.Serve(listener)) }()
	conn, err := grpc.NewClient(listener.Addr().String(), append(chain.DialOptions(), grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	check(err)
	for _, client := range []grpc.ClientConnInterface{conn, channel} {
		response, err := healthpb.NewHealthClient(client).Check(ctx, &healthpb.HealthCheckRequest{})
		fmt.Printf("%T: %v, error: %v\n", client, response.GetStatus(), err)
	}
	check(conn.Close())
	server.GracefulStop()
	check(channel.Shutdown(ctx))
	fmt.Printf("The chain:\n%vThe spans:\n", chain)
	for _, span := range spans.Ended() {
		fmt.Println(span.SpanKind(), span.Name())
	}
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
