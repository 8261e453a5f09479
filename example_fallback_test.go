package inprocchain_test

import (
	"context"
	"fmt"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/peer"

	"github.com/inprocchain/inprocchain"
)

// The health service has moved to another process, and is not registered here. Its
// callers do not change.
func ExampleWithFallback() {
	chain := inprocchain.NewChain(inprocchain.WithUnaryServerInterceptors(audited))

	address, stop := startOtherProcess(chain)
	defer stop()
	conn, err := grpc.NewClient(address, append(chain.DialOptions(),
		grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		panic(err)
	}
	defer func() { _ = conn.Close() }()

	channel := inprocchain.New(chain, inprocchain.WithFallback(conn))
	fmt.Println(checkHealth(channel))
	// Output:
	// audited /grpc.health.v1.Health/Check: OK
	// SERVING
}

// startOtherProcess stands for a server in another process.
func startOtherProcess(chain inprocchain.Chain) (address string, stop func()) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	server := grpc.NewServer(chain.ServerOptions()...)
	healthpb.RegisterHealthServer(server, health.NewServer())
	go func() { _ = server.Serve(listener) }()
	return listener.Addr().String(), server.Stop
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

// Close ends what Shutdown has waited for in vain.
func ExampleChannel_Close() {
	channel := inprocchain.New()
	healthpb.RegisterHealthServer(channel, health.NewServer())

	// The health service answers a watcher until it leaves.
	watch, err := healthpb.NewHealthClient(channel).Watch(context.Background(), &healthpb.HealthCheckRequest{})
	if err != nil {
		panic(err)
	}
	resp, err := watch.Recv()
	fmt.Println(resp.Status, err)

	ctx, cancel := context.WithTimeout(context.Background(), 0) // say, 30 seconds
	defer cancel()
	if err := channel.Shutdown(ctx); err != nil {
		fmt.Println(err)
		_ = channel.Close()
	}
	_, err = watch.Recv()
	fmt.Println(err)
	// Output:
	// SERVING <nil>
	// inprocchain: Shutdown: context deadline exceeded; in flight: /grpc.health.v1.Health/Watch (1)
	// rpc error: code = Unavailable desc = error reading from server: EOF: the Channel was closed
}
