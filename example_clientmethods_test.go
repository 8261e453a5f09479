package inprocchain_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/recovery"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/timeout"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
)

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

// A Channel prints what it serves and what runs for that.
func ExampleChannel_String() {
	channel := inprocchain.New(inprocchain.WithUnaryServerInterceptors(recovery.UnaryServerInterceptor()))
	healthpb.RegisterHealthServer(channel, health.NewServer())

	fmt.Print(channel)
	// Output:
	// inprocchain.Channel at inproc with services [grpc.health.v1.Health]
	// client: nothing
	// server  unary                            stream
	//   1     recovery.UnaryServerInterceptor  -
}

// A program can log its chain when it starts.
func ExampleChain_LogValue() {
	chain := inprocchain.NewChain(
		inprocchain.WithUnaryServerInterceptors(recovery.UnaryServerInterceptor()),
		inprocchain.WithServerMaxRecvMsgSize(1<<20),
	)
	withoutTime := func(_ []string, attr slog.Attr) slog.Attr {
		if attr.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return attr
	}
	log := slog.New(slog.NewJSONHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: withoutTime}))

	log.Info("starting", "chain", chain)
	// Output:
	// {"level":"INFO","msg":"starting","chain":"client: nothing\nserver  unary                            stream\n  1     recovery.UnaryServerInterceptor  -\n  largest request: 1048576 bytes\n"}
}

// The limit holds on the network and in-process. Requests from a REST gateway in the same
// process come from strangers, too.
func ExampleWithServerMaxRecvMsgSize() {
	chain := inprocchain.NewChain(
		inprocchain.WithServerMaxRecvMsgSize(10), // also in chain.ServerOptions()
	)
	channel := inprocchain.New(chain)
	healthpb.RegisterHealthServer(channel, health.NewServer())

	request := &healthpb.HealthCheckRequest{Service: "a name that is too long"}
	_, err := healthpb.NewHealthClient(channel).Check(context.Background(), request)
	fmt.Println(err)
	// Output:
	// rpc error: code = ResourceExhausted desc = grpc: received message larger than max (25 vs. 10)
}
