package inprocchain_test

import (
	"context"
	"fmt"

	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/inprocchain/inprocchain"
)

func ExampleChannel_Shutdown() {
	channel := inprocchain.New()
	healthpb.RegisterHealthServer(channel, health.NewServer())

	fmt.Println(checkHealth(channel))
	fmt.Println(channel.Shutdown(context.Background())) // waits for RPCs in flight
	fmt.Println(checkHealth(channel))
	// Output:
	// SERVING
	// <nil>
	// rpc error: code = Unavailable desc = inprocchain: the channel is shut down; make RPCs before Shutdown or Close, or on a new Channel
}

// Close cancels the RPCs that are still in flight when the context of Shutdown ends.
func ExampleChannel_Close() {
	channel := inprocchain.New()
	healthpb.RegisterHealthServer(channel, health.NewServer())

	// This stream continues until its caller cancels it.
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
