// The program runassertion asserts that a connection is an in-process channel.
package main

import (
	"fmt"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
)

func main() {
	register(&inprocgrpc.Channel{})
	network, _ := grpc.NewClient("passthrough:nowhere")
	register(network)
	register(nil)
}

func register(conn grpc.ClientConnInterface) {
	channel, ok := conn.(*inprocgrpc.Channel) // want `misses a wrapped channel`
	if !ok {
		fmt.Println("not in process", channel == nil)
		return
	}
	grpc_health_v1.RegisterHealthServer(channel, health.NewServer())
	fmt.Println("services:", len(channel.GetServiceInfo()))
}
