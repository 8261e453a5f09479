package inprocchain_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/auth"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/logging"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/recovery"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
)

// The interceptors of go-grpc-middleware in one Chain: logging, authentication, and
// recovery. Recovery is last, so that logging sees a panic as an error.
func Example_middleware() {
	logger := newLogger()
	finished := logging.WithLogOnEvents(logging.FinishCall)
	panicked := recovery.WithRecoveryHandler(func(p any) error {
		return status.Errorf(codes.Internal, "recovered: %v", p)
	})
	chain := inprocchain.NewChain(
		inprocchain.WithUnaryServerInterceptors(
			logging.UnaryServerInterceptor(logger, finished),
			auth.UnaryServerInterceptor(authenticate),
			recovery.UnaryServerInterceptor(panicked),
		),
		inprocchain.WithStreamServerInterceptors(
			logging.StreamServerInterceptor(logger, finished),
			auth.StreamServerInterceptor(authenticate),
			recovery.StreamServerInterceptor(panicked),
		),
	)

	channel := inprocchain.New(chain) // and grpc.NewServer(chain.ServerOptions()...)
	healthpb.RegisterHealthServer(channel, healthServer{health.NewServer()})

	client := healthpb.NewHealthClient(channel)
	check := func(ctx context.Context, service string) {
		resp, err := client.Check(ctx, &healthpb.HealthCheckRequest{Service: service})
		fmt.Println(resp.GetStatus(), err)
	}
	check(context.Background(), "")
	withToken := metadata.AppendToOutgoingContext(context.Background(), "authorization", "bearer secret")
	check(withToken, "")
	check(withToken, "faulty")
	// Output:
	// level=INFO msg="finished call" grpc.method=Check grpc.code=Unauthenticated
	// UNKNOWN rpc error: code = Unauthenticated desc = invalid token
	// level=INFO msg="finished call" grpc.method=Check grpc.code=OK
	// SERVING <nil>
	// level=ERROR msg="finished call" grpc.method=Check grpc.code=Internal
	// UNKNOWN rpc error: code = Internal desc = recovered: a defect
}

// authenticate accepts callers with the right token.
func authenticate(ctx context.Context) (context.Context, error) {
	if token, err := auth.AuthFromMD(ctx, "bearer"); err != nil || token != "secret" {
		return nil, status.Error(codes.Unauthenticated, "invalid token")
	}
	return ctx, nil
}

// newLogger logs with slog. It leaves out the fields that vary from run to run.
func newLogger() logging.Logger {
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, attr slog.Attr) slog.Attr {
			switch attr.Key {
			case slog.LevelKey, slog.MessageKey, "grpc.method", "grpc.code":
				return attr
			}
			return slog.Attr{}
		},
	}))
	return logging.LoggerFunc(func(ctx context.Context, level logging.Level, msg string, fields ...any) {
		logger.Log(ctx, slog.Level(level), msg, fields...)
	})
}

// healthServer panics if it is asked about the service faulty.
type healthServer struct{ *health.Server }

func (s healthServer) Check(ctx context.Context, req *healthpb.HealthCheckRequest) (*healthpb.HealthCheckResponse, error) {
	if req.GetService() == "faulty" {
		panic("a defect")
	}
	return s.Server.Check(ctx, req)
}

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
