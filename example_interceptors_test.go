package inprocchain_test

import (
	"context"
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
)

// The first interceptor is the outermost. Recovery is the last, so auditing sees a panic of
// the handler as an error.
func ExampleWithUnaryServerInterceptors() {
	channel := inprocchain.New(inprocchain.WithUnaryServerInterceptors(audited, recovered))
	healthpb.RegisterHealthServer(channel, panickingHealth{})

	fmt.Println(checkHealth(channel))
	// Output:
	// recovered: out of luck
	// audited /grpc.health.v1.Health/Check: Internal
	// rpc error: code = Internal desc = internal error
}

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
	defer func() { _ = channel.Close() }() // ends the goroutines of its ClientConn
	healthpb.RegisterHealthServer(channel, health.NewServer())

	fmt.Println(checkHealth(channel))
	// Output:
	// request ID: [1]
	// SERVING
}

// This interceptor prints the messages that the client receives.
func ExampleWithStreamClientInterceptors() {
	printed := func(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
		stream, err := streamer(ctx, desc, cc, method, opts...)
		return printedStream{stream}, err
	}
	channel := inprocchain.New(inprocchain.WithStreamClientInterceptors(printed))
	defer func() { _ = channel.Close() }() // ends the goroutines of its ClientConn
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
