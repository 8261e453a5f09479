package inprocchain_test

import (
	"context"
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/inprocchain/inprocchain"
)

// Invoke calls a method by its full name, without a generated client.
func ExampleChannel_Invoke() {
	channel := inprocchain.New()
	healthpb.RegisterHealthServer(channel, health.NewServer())

	request, response := &healthpb.HealthCheckRequest{}, &healthpb.HealthCheckResponse{}
	err := channel.Invoke(context.Background(), "/grpc.health.v1.Health/Check", request, response)
	fmt.Println(response, err)
	// Output:
	// status:SERVING <nil>
}

// NewStream calls a streaming method by its full name, without a generated client.
func ExampleChannel_NewStream() {
	channel := inprocchain.New()
	healthpb.RegisterHealthServer(channel, health.NewServer())

	ctx, cancel := context.WithCancel(context.Background())
	defer cancel() // ends the stream
	stream, err := channel.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, "/grpc.health.v1.Health/Watch")
	if err != nil {
		panic(err)
	}
	if err := stream.SendMsg(&healthpb.HealthCheckRequest{}); err != nil {
		panic(err)
	}
	if err := stream.CloseSend(); err != nil {
		panic(err)
	}
	response := &healthpb.HealthCheckResponse{}
	err = stream.RecvMsg(response)
	fmt.Println(response, err)
	// Output:
	// status:SERVING <nil>
}
