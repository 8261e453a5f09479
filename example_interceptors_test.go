package inprocchain_test

import (
	"context"
	"fmt"

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
