package inprocchain_test

import (
	"context"
	"fmt"
	"net"
	"strings"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
)

// A Chain is an Option, so a function can return several options as one.
func ExampleOption() {
	protection := func() inprocchain.Option {
		return inprocchain.NewChain(
			inprocchain.WithUnaryServerInterceptors(audited, recovered),
			inprocchain.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(1<<20)),
		)
	}

	channel := inprocchain.New(protection(), inprocchain.WithUserAgent("gateway/1.2"))
	healthpb.RegisterHealthServer(channel, health.NewServer())
	fmt.Println(checkHealth(channel))
	// Output:
	// audited /grpc.health.v1.Health/Check: OK
	// SERVING
}

// Every RPC of a client gets its default call options. Those of the RPC come after
// them.
func ExampleWithDefaultCallOptions() {
	chain := inprocchain.NewChain(
		inprocchain.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(1)), // also in chain.DialOptions()
	)
	channel := inprocchain.New(chain)
	healthpb.RegisterHealthServer(channel, health.NewServer())

	client := healthpb.NewHealthClient(channel)
	_, err := client.Check(context.Background(), &healthpb.HealthCheckRequest{})
	fmt.Println(err)
	resp, err := client.Check(context.Background(), &healthpb.HealthCheckRequest{}, grpc.MaxCallRecvMsgSize(1<<20))
	fmt.Println(resp.Status, err)
	// Output:
	// rpc error: code = ResourceExhausted desc = grpc: received message larger than max (2 vs. 1)
	// SERVING <nil>
}

// Logs tell clients apart by their user agents.
func ExampleWithUserAgent() {
	channel := inprocchain.New(
		inprocchain.WithUserAgent("gateway/1.2"), // also in the DialOptions of a Chain
		inprocchain.WithUnaryServerInterceptors(func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
			agent := metadata.ValueFromIncomingContext(ctx, "user-agent")[0]
			name, _, _ := strings.Cut(agent, " grpc-go/")
			fmt.Println("called by", name)
			return handler(ctx, req)
		}),
	)
	healthpb.RegisterHealthServer(channel, health.NewServer())

	fmt.Println(checkHealth(channel))
	fmt.Println(checkHealth(channel.NewClient(inprocchain.WithUserAgent("worker/1.0"))))
	// Output:
	// called by gateway/1.2
	// SERVING
	// called by worker/1.0
	// SERVING
}

// Middleware that expects an IP address finds one.
func ExampleWithAddr() {
	channel := inprocchain.New(
		inprocchain.WithAddr(&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 9000}),
		inprocchain.WithUnaryServerInterceptors(func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
			if from, ok := peer.FromContext(ctx); ok {
				fmt.Println("called from", from.Addr)
			}
			return handler(ctx, req)
		}),
	)
	healthpb.RegisterHealthServer(channel, health.NewServer())

	fmt.Println(checkHealth(channel))
	fmt.Println(channel.ClientConn().Target())
	// Output:
	// called from 127.0.0.1:9000
	// SERVING
	// inproc:///127.0.0.1:9000
}

// The cloner copies messages that are not protobuf messages. Without it, the codec named
// "proto" would refuse them.
func ExampleWithCloner() {
	type greeting struct{ Text string }
	channel := inprocchain.New(inprocchain.WithCloner(inprocgrpc.CloneFunc(func(in any) (any, error) {
		message := *in.(*greeting)
		return &message, nil
	})))
	channel.RegisterService(&grpc.ServiceDesc{
		ServiceName: "Greeter",
		HandlerType: (*any)(nil),
		Methods: []grpc.MethodDesc{{
			MethodName: "Greet",
			Handler: func(_ any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
				request := new(greeting)
				if err := decode(request); err != nil {
					return nil, err
				}
				return &greeting{Text: "Hello, " + request.Text}, nil
			},
		}},
	}, struct{}{})

	response := new(greeting)
	err := channel.Invoke(context.Background(), "/Greeter/Greet", &greeting{Text: "Alice"}, response)
	fmt.Println(response.Text, err)
	// Output:
	// Hello, Alice <nil>
}

// With the cloner of a codec, messages are encoded and decoded in-process. It refuses what
// a network would refuse, such as invalid UTF-8.
func ExampleWithCloner_codec() {
	codec := encoding.GetCodecV2("proto")
	channel := inprocchain.New(inprocchain.WithCloner(inprocgrpc.CodecClonerV2(codec)))
	healthpb.RegisterHealthServer(channel, health.NewServer())

	client := healthpb.NewHealthClient(channel)
	_, err := client.Check(context.Background(), &healthpb.HealthCheckRequest{Service: "\xff"})
	fmt.Println(status.Code(err))
	// Output:
	// Internal
}
