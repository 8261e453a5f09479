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
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
)

// This interceptor refuses streams without a token.
func ExampleWithStreamServerInterceptors() {
	authenticated := func(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		if tokens := metadata.ValueFromIncomingContext(stream.Context(), "authorization"); len(tokens) == 0 {
			return status.Error(codes.Unauthenticated, "no token")
		}
		return handler(srv, stream)
	}
	channel := inprocchain.New(inprocchain.WithStreamServerInterceptors(authenticated))
	healthpb.RegisterHealthServer(channel, health.NewServer())

	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	client := healthpb.NewHealthClient(channel)
	watch, err := client.Watch(ctx, &healthpb.HealthCheckRequest{})
	if err != nil {
		panic(err)
	}
	fmt.Println(watch.Recv())
	watch, err = client.Watch(metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer alice"), &healthpb.HealthCheckRequest{})
	if err != nil {
		panic(err)
	}
	fmt.Println(watch.Recv())
	// Output:
	// <nil> rpc error: code = Unauthenticated desc = no token
	// status:SERVING <nil>
}

// This interceptor adds a request ID to RPCs that have none.
func ExampleWithUnaryClientInterceptors() {
	identified := func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		if md, _ := metadata.FromOutgoingContext(ctx); len(md["request-id"]) == 0 {
			ctx = metadata.AppendToOutgoingContext(ctx, "request-id", "1") // a random one
		}
		return invoker(ctx, method, req, reply, cc, opts...)
	}
	printID := func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		fmt.Println("request ID:", metadata.ValueFromIncomingContext(ctx, "request-id"))
		return handler(ctx, req)
	}
	channel := inprocchain.New(
		inprocchain.WithUnaryClientInterceptors(identified),
		inprocchain.WithUnaryServerInterceptors(printID),
	)
	healthpb.RegisterHealthServer(channel, health.NewServer())

	response, err := healthpb.NewHealthClient(channel).Check(context.Background(), &healthpb.HealthCheckRequest{})
	fmt.Println(response.GetStatus(), err)
	// Output:
	// request ID: [1]
	// SERVING <nil>
}

// This interceptor prints the messages that the client receives.
func ExampleWithStreamClientInterceptors() {
	printed := func(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
		stream, err := streamer(ctx, desc, cc, method, opts...)
		return printedStream{stream}, err
	}
	channel := inprocchain.New(inprocchain.WithStreamClientInterceptors(printed))
	healthServer := health.NewServer()
	healthpb.RegisterHealthServer(channel, healthServer)

	watch, err := healthpb.NewHealthClient(channel).Watch(context.Background(), &healthpb.HealthCheckRequest{})
	if err != nil {
		panic(err)
	}
	_, _ = watch.Recv()
	healthServer.Shutdown() // reports that the service stops
	_, _ = watch.Recv()
	// Output:
	// received status:SERVING
	// received status:NOT_SERVING
}

type printedStream struct{ grpc.ClientStream }

func (s printedStream) RecvMsg(message any) error {
	err := s.ClientStream.RecvMsg(message)
	if err == nil {
		fmt.Println("received", message)
	}
	return err
}

// A stats handler gets the same events as on a network. It has received all of them when
// the client has the response.
func ExampleWithServerStatsHandlers() {
	channel := inprocchain.New(inprocchain.WithServerStatsHandlers(printEvents{}))
	healthpb.RegisterHealthServer(channel, health.NewServer())
	response, err := healthpb.NewHealthClient(channel).Check(context.Background(), &healthpb.HealthCheckRequest{})
	fmt.Println(response.GetStatus(), err)
	// Output:
	// /grpc.health.v1.Health/Check
	// *stats.InHeader
	// *stats.Begin
	// *stats.InPayload
	// *stats.OutHeader
	// *stats.OutPayload
	// *stats.OutTrailer
	// *stats.End
	// SERVING <nil>
}

// Client stats handlers run inside the client interceptors, so they see each attempt of an
// interceptor that retries.
func ExampleWithClientStatsHandlers() {
	retry := func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		err := invoker(ctx, method, req, reply, cc, opts...)
		if status.Code(err) == codes.Unavailable {
			err = invoker(ctx, method, req, reply, cc, opts...)
		}
		return err
	}
	attempts := 0
	failOnce := func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		if attempts++; attempts == 1 {
			return nil, status.Error(codes.Unavailable, "try again")
		}
		return handler(ctx, req)
	}
	channel := inprocchain.New(
		inprocchain.WithUnaryClientInterceptors(retry),
		inprocchain.WithClientStatsHandlers(printResults{}),
		inprocchain.WithUnaryServerInterceptors(failOnce),
	)
	healthpb.RegisterHealthServer(channel, health.NewServer())

	response, err := healthpb.NewHealthClient(channel).Check(context.Background(), &healthpb.HealthCheckRequest{})
	fmt.Println(response.GetStatus(), err)
	// Output:
	// attempt ended: Unavailable
	// attempt ended: OK
	// SERVING <nil>
}

// printResults is a stats handler that prints the result of each RPC.
type printResults struct{ printEvents }

func (printResults) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context { return ctx }

func (printResults) HandleRPC(_ context.Context, event stats.RPCStats) {
	if end, ok := event.(*stats.End); ok {
		fmt.Println("attempt ended:", status.Code(end.Error))
	}
}

// printEvents is a stats handler that prints the type of each event.
type printEvents struct{}

func (printEvents) TagRPC(ctx context.Context, info *stats.RPCTagInfo) context.Context {
	fmt.Println(info.FullMethodName)
	return ctx
}

func (printEvents) HandleRPC(_ context.Context, event stats.RPCStats) { fmt.Printf("%T\n", event) }

func (printEvents) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

func (printEvents) HandleConn(context.Context, stats.ConnStats) {}

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
