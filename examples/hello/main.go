// Command hello serves a service over TCP and in-process with one chain, and calls it both ways.
// It ignores errors, to be short; see examples/rest for a program that does not.
package main

import (
	"context"
	"fmt"
	"net"

	"github.com/inprocchain/inprocchain"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
)

// audit prints the method and the error of each unary RPC.
func audit(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	resp, err := handler(ctx, req)
	fmt.Println("audit:", info.FullMethod, err)
	return resp, err
}

func main() {
	channel := inprocchain.New(inprocchain.WithUnaryServerInterceptors(audit))
	healthpb.RegisterHealthServer(channel, health.NewServer())
	server := channel.NewServer() // the same services and interceptors, on the network

	listener, _ := net.Listen("tcp", "127.0.0.1:0")
	go server.Serve(listener)
	conn, _ := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))

	for _, cc := range []grpc.ClientConnInterface{conn, channel} {
		response, err := healthpb.NewHealthClient(cc).Check(context.Background(), &healthpb.HealthCheckRequest{})
		fmt.Printf("%T: %v, %v\n", cc, response.GetStatus(), err)
	}
	server.GracefulStop()
	channel.Shutdown(context.Background())
}
