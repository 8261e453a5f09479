package inprocchain_test

import (
	"context"
	"fmt"

	"github.com/fullstorydev/grpchan"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/inprocchain/inprocchain"
)

// An interceptor for all of a chain's interceptors is useful in a test of the chain, which
// needs no server.
func ExampleChain_UnaryServerInterceptor() {
	chain := inprocchain.NewChain(inprocchain.WithUnaryServerInterceptors(audited, recovered))

	intercept := chain.UnaryServerInterceptor()
	info := &grpc.UnaryServerInfo{FullMethod: "/flags.v1.Flags/Get"}
	_, err := intercept(context.Background(), nil, info, func(context.Context, any) (any, error) {
		panic("a defect")
	})
	fmt.Println(err)
	// Output:
	// recovered: a defect
	// audited /flags.v1.Flags/Get: Internal
	// rpc error: code = Internal desc = internal error
}

// One of the services has an additional chain. grpchan.WithInterceptor takes one
// interceptor of each kind.
func ExampleChain_StreamServerInterceptor() {
	counted := func(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		fmt.Println("counted", info.FullMethod)
		return handler(srv, stream)
	}
	chain := inprocchain.NewChain(
		inprocchain.WithUnaryServerInterceptors(audited, recovered),
		inprocchain.WithStreamServerInterceptors(counted),
	)
	channel := inprocchain.New()
	services := grpchan.WithInterceptor(channel, chain.UnaryServerInterceptor(), chain.StreamServerInterceptor())
	healthpb.RegisterHealthServer(services, health.NewServer())

	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	watch, err := healthpb.NewHealthClient(channel).Watch(ctx, &healthpb.HealthCheckRequest{})
	if err != nil {
		panic(err)
	}
	fmt.Println(watch.Recv())
	// Output:
	// counted /grpc.health.v1.Health/Watch
	// status:SERVING <nil>
}

// A connection that other code has dialed gets the client interceptors of a chain.
func ExampleChain_UnaryClientInterceptor() {
	chain := inprocchain.NewChain(inprocchain.WithUnaryClientInterceptors(authorized))
	server := grpc.NewServer(grpc.UnaryInterceptor(printToken))
	healthpb.RegisterHealthServer(server, health.NewServer())
	network, stop := listenAndDial(server)
	defer stop()

	cc := grpchan.InterceptClientConn(network, chain.UnaryClientInterceptor(), chain.StreamClientInterceptor())
	fmt.Println(checkHealth(cc))
	// Output:
	// Check("") with "Bearer alice"
	// SERVING
}

// The result is nil if the chain has no interceptors of this kind. grpchan and grpc-go
// accept nil.
func ExampleChain_StreamClientInterceptor() {
	chain := inprocchain.NewChain(inprocchain.WithUnaryClientInterceptors(authorized))
	fmt.Println(chain.StreamClientInterceptor() == nil)

	logged := func(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
		fmt.Println("began", method)
		return streamer(ctx, desc, cc, method, opts...)
	}
	chain = inprocchain.NewChain(chain, inprocchain.WithStreamClientInterceptors(logged))
	channel := inprocchain.New()
	healthpb.RegisterHealthServer(channel, health.NewServer())
	cc := grpchan.InterceptClientConn(channel, chain.UnaryClientInterceptor(), chain.StreamClientInterceptor())

	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	_, err := healthpb.NewHealthClient(cc).Watch(ctx, &healthpb.HealthCheckRequest{})
	fmt.Println(err)
	// Output:
	// true
	// began /grpc.health.v1.Health/Watch
	// <nil>
}
