// The program runintercept shows what client interceptors see on an in-process channel.
package main

import (
	"context"
	"fmt"

	"github.com/fullstorydev/grpchan"
	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
)

func say(name string) grpc.UnaryClientInterceptor {
	return func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		fmt.Println(name, method)
		err := invoker(ctx, method, req, reply, cc, opts...)
		fmt.Println(name, "done:", err)
		return err
	}
}

func sayStream(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	fmt.Println("stream", method)
	return streamer(ctx, desc, cc, method, opts...)
}

func main() {
	channel := &inprocgrpc.Channel{}
	grpc_health_v1.RegisterHealthServer(channel, health.NewServer())
	conn := grpchan.InterceptClientConnStream(grpchan.InterceptClientConnUnary(channel, say("first"), say("second")), sayStream) // want `hides an in-process channel`
	call(conn)
	call(channel)

	other := &inprocgrpc.Channel{}
	grpc_health_v1.RegisterHealthServer(other, health.NewServer())
	call(grpchan.InterceptClientConn(other, nil, sayStream)) // want `hides an in-process channel`
}

func call(conn grpc.ClientConnInterface) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	client := grpc_health_v1.NewHealthClient(conn)
	resp, err := client.Check(ctx, &grpc_health_v1.HealthCheckRequest{})
	fmt.Println(resp.GetStatus(), err)
	watch, err := client.Watch(ctx, &grpc_health_v1.HealthCheckRequest{})
	if err != nil {
		fmt.Println(err)
		return
	}
	resp, err = watch.Recv()
	fmt.Println(resp.GetStatus(), err)
}
