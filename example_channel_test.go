package inprocchain_test

import (
	"context"
	"fmt"

	"github.com/fullstorydev/grpchan"
	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/inprocchain/inprocchain"
)

func ExampleNew() {
	channel := inprocchain.New(
		inprocchain.WithUnaryServerInterceptors(recovered, audited),
	)
	healthpb.RegisterHealthServer(channel, health.NewServer())

	client := healthpb.NewHealthClient(channel)
	answer, err := client.Check(context.Background(), &healthpb.HealthCheckRequest{})
	fmt.Println(answer.Status, err)
	// Output:
	// audited /grpc.health.v1.Health/Check: OK
	// SERVING <nil>
}

// Wrap adds a chain to an existing channel. The handler side also runs for RPCs that are
// still made on that channel.
func ExampleWrap() {
	ch := &inprocgrpc.Channel{}
	healthpb.RegisterHealthServer(ch, health.NewServer())

	channel := inprocchain.Wrap(ch, inprocchain.WithUnaryServerInterceptors(audited))
	fmt.Println(checkHealth(channel))
	fmt.Println(checkHealth(ch))
	// Output:
	// audited /grpc.health.v1.Health/Check: OK
	// SERVING
	// audited /grpc.health.v1.Health/Check: OK
	// SERVING
}

// ClientConn is for code that accepts only a *grpc.ClientConn, such as the
// Register…Handler functions of grpc-gateway.
func ExampleChannel_ClientConn() {
	registerHandler := func(cc *grpc.ClientConn) { fmt.Println(checkHealth(cc)) }

	channel := inprocchain.New(inprocchain.WithUnaryServerInterceptors(audited))
	healthpb.RegisterHealthServer(channel, health.NewServer())

	registerHandler(channel.ClientConn())
	// Output:
	// audited /grpc.health.v1.Health/Check: OK
	// SERVING
}

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

// Unwrap finds the in-process channel below any number of layers.
func ExampleUnwrap() {
	channel := inprocchain.New()
	layered := grpchan.InterceptClientConn(channel, authorized, nil)

	ch, err := inprocchain.Unwrap(layered)
	fmt.Println(ch == channel.InProcess(), err)

	_, err = inprocchain.Unwrap(channel.ClientConn())
	fmt.Println(err)
	// Output:
	// true <nil>
	// inprocchain: not an in-process channel: saw *grpc.ClientConn
}

// As finds a layer by its type, for example to print the Chain of a Channel.
func ExampleAs() {
	channel := inprocchain.New(inprocchain.WithUnaryServerInterceptors(audited))
	layered := grpchan.InterceptClientConn(channel, authorized, nil)

	if channel, ok := inprocchain.As[*inprocchain.Channel](layered); ok {
		fmt.Print(channel.Chain())
	}
	// Output:
	// client: nothing
	// server  unary                     stream
	//   1     inprocchain_test.audited  -
}
