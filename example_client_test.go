package inprocchain_test

import (
	"context"
	"fmt"

	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/recovery"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/timeout"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
)

// Each module of an application has a client with credentials of its own. Tracing and other
// parts of the client side come from the chain, as from chain.DialOptions() on a network.
func ExampleClient() {
	chain := inprocchain.NewChain(
		inprocchain.WithUnaryClientInterceptors(logCall),
		inprocchain.WithUnaryServerInterceptors(printCaller),
	)
	channel := inprocchain.New(chain)
	healthpb.RegisterHealthServer(channel, health.NewServer())

	for _, module := range []string{"billing", "admin"} {
		client := channel.NewClient(chain,
			inprocchain.WithDefaultCallOptions(grpc.PerRPCCredentials(bearer(module+"'s token"))))
		if _, err := healthpb.NewHealthClient(client).Check(context.Background(), &healthpb.HealthCheckRequest{}); err != nil {
			panic(err)
		}
	}
	// Output:
	// calling /grpc.health.v1.Health/Check
	// called with [Bearer billing's token]
	// calling /grpc.health.v1.Health/Check
	// called with [Bearer admin's token]
}

// bearer implements credentials.PerRPCCredentials.
type bearer string

func (b bearer) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer " + string(b)}, nil
}

func (bearer) RequireTransportSecurity() bool { return true }

func logCall(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	fmt.Println("calling", method)
	return invoker(ctx, method, req, reply, cc, opts...)
}

func printCaller(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	fmt.Println("called with", metadata.ValueFromIncomingContext(ctx, "authorization"))
	return handler(ctx, req)
}

// forwardedToken is the token of the RPC whose handler makes another one.
type forwardedToken struct{}

func (forwardedToken) GetRequestMetadata(ctx context.Context, _ ...string) (map[string]string, error) {
	tokens := metadata.ValueFromIncomingContext(ctx, "authorization")
	if len(tokens) == 0 {
		return nil, nil
	}
	return map[string]string{"authorization": tokens[0]}, nil
}

func (forwardedToken) RequireTransportSecurity() bool { return true }

// A client of a handler forwards the token that the handler has received. A bearer token of
// the module would take its place.
func ExampleChannel_NewClient() {
	channel := inprocchain.New(inprocchain.WithUnaryServerInterceptors(printCaller))
	healthpb.RegisterHealthServer(channel, health.NewServer())
	client := channel.NewClient(
		inprocchain.WithDefaultCallOptions(grpc.PerRPCCredentials(forwardedToken{})),
	)

	// A handler has such a context.
	ctx := metadata.NewIncomingContext(context.Background(), metadata.Pairs("authorization", "Bearer alice"))
	response, err := healthpb.NewHealthClient(client).Check(ctx, &healthpb.HealthCheckRequest{})
	fmt.Println(response.GetStatus(), err)
	// Output:
	// called with [Bearer alice]
	// SERVING <nil>
}

// Generated clients call Invoke for unary RPCs.
func ExampleClient_Invoke() {
	channel := inprocchain.New()
	healthpb.RegisterHealthServer(channel, health.NewServer())
	client := channel.NewClient()

	response := new(healthpb.HealthCheckResponse)
	err := client.Invoke(context.Background(), healthpb.Health_Check_FullMethodName, &healthpb.HealthCheckRequest{}, response)
	fmt.Println(response.Status, err)
	// Output:
	// SERVING <nil>
}

// Generated clients call NewStream for streaming RPCs.
func ExampleClient_NewStream() {
	channel := inprocchain.New()
	healthpb.RegisterHealthServer(channel, health.NewServer())
	client := channel.NewClient()

	ctx, cancel := context.WithCancel(context.Background())
	defer cancel() // ends the stream
	stream, err := client.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, healthpb.Health_Watch_FullMethodName)
	if err != nil {
		panic(err)
	}
	if err := stream.SendMsg(&healthpb.HealthCheckRequest{}); err != nil {
		panic(err)
	}
	response := new(healthpb.HealthCheckResponse)
	err = stream.RecvMsg(response)
	fmt.Println(response.Status, err)
	// Output:
	// SERVING <nil>
}

// ClientConn is for code that accepts only a *grpc.ClientConn. Its RPCs are those of the
// client.
func ExampleClient_ClientConn() {
	channel := inprocchain.New()
	healthpb.RegisterHealthServer(channel, health.NewServer())
	client := channel.NewClient()
	defer func() { _ = client.Close() }() // also closes its ClientConn

	var conn *grpc.ClientConn = client.ClientConn()
	response, err := healthpb.NewHealthClient(conn).Check(context.Background(), &healthpb.HealthCheckRequest{})
	fmt.Println(response.GetStatus(), err)
	// Output:
	// SERVING <nil>
}

// The chain of a client has its own client side, and the server side of the Channel.
func ExampleClient_Chain() {
	channel := inprocchain.New(inprocchain.WithUnaryServerInterceptors(recovery.UnaryServerInterceptor()))
	client := channel.NewClient(inprocchain.WithUnaryClientInterceptors(timeout.UnaryClientInterceptor(0)))

	fmt.Print(client.Chain())
	// Output:
	// client  unary                           stream
	//   1     timeout.UnaryClientInterceptor  -
	// server  unary                            stream
	//   1     recovery.UnaryServerInterceptor  -
}

// Unwrap returns the channel below the client.
func ExampleClient_Unwrap() {
	channel := inprocchain.New()
	client := channel.NewClient()

	fmt.Println(client.Unwrap() == channel.Unwrap())
	// Output:
	// true
}

// A client prints what it calls and what runs for that.
func ExampleClient_String() {
	channel := inprocchain.New()
	healthpb.RegisterHealthServer(channel, health.NewServer())

	fmt.Print(channel.NewClient(inprocchain.WithUserAgent("billing")))
	// Output:
	// inprocchain.Client at inproc with services [grpc.health.v1.Health]
	// client
	//   user agent: billing
	// server: nothing
}

// Closing a client ends its RPCs, and leaves the Channel and its other clients alone.
func ExampleClient_Close() {
	channel := inprocchain.New()
	healthpb.RegisterHealthServer(channel, health.NewServer())

	ctx := context.Background()
	client := channel.NewClient()
	if err := client.Close(); err != nil {
		panic(err)
	}
	for _, cc := range []grpc.ClientConnInterface{client, channel} {
		_, err := healthpb.NewHealthClient(cc).Check(ctx, &healthpb.HealthCheckRequest{})
		fmt.Println(status.Code(err))
	}
	// Output:
	// Canceled
	// OK
}
