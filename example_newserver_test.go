package inprocchain_test

import (
	"context"
	"fmt"
	"net"

	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/recovery"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/inprocchain/inprocchain"
)

// A service that is registered on the Channel is also on its network server, with the same
// interceptors.
func ExampleChannel_NewServer() {
	channel := inprocchain.New(inprocchain.WithUnaryServerInterceptors(recovery.UnaryServerInterceptor()))
	healthpb.RegisterHealthServer(channel, health.NewServer())
	server := channel.NewServer() // after the services

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go func() { _ = server.Serve(listener) }()
	network, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		panic(err)
	}

	ctx := context.Background()
	for _, cc := range []grpc.ClientConnInterface{network, channel} {
		response, err := healthpb.NewHealthClient(cc).Check(ctx, &healthpb.HealthCheckRequest{})
		fmt.Println(response.GetStatus(), err)
	}

	_ = network.Close()
	server.GracefulStop()
	_ = channel.Shutdown(ctx)
	// Output:
	// SERVING <nil>
	// SERVING <nil>
}
