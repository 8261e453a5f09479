package inprocchain_test

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/reflection"

	"github.com/inprocchain/inprocchain"
)

func ExampleNew() {
	channel := inprocchain.New(
		inprocchain.WithUnaryServerInterceptors(audited, recovered),
	)
	healthpb.RegisterHealthServer(channel, health.NewServer())

	client := healthpb.NewHealthClient(channel)
	response, err := client.Check(context.Background(), &healthpb.HealthCheckRequest{})
	fmt.Println(response.Status, err)
	// Output:
	// audited /grpc.health.v1.Health/Check: OK
	// SERVING <nil>
}

// Wrap adds a chain to an existing channel. The server side also runs for RPCs that are
// made on that channel.
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

// Services of one process call each other through the Channel, so the chain also runs for
// these RPCs.
func ExampleChannel() {
	channel := inprocchain.New(inprocchain.WithUnaryServerInterceptors(audited))
	healthpb.RegisterHealthServer(channel, &frontService{next: healthpb.NewHealthClient(channel)})

	client := healthpb.NewHealthClient(channel)
	fmt.Println(client.Check(context.Background(), &healthpb.HealthCheckRequest{Service: "front"}))
	// Output:
	// audited /grpc.health.v1.Health/Check: OK
	// audited /grpc.health.v1.Health/Check: OK
	// status:SERVING <nil>
}

// A network server gets the same chain as the Channel.
func ExampleChannel_Chain() {
	channel := inprocchain.New(inprocchain.WithUnaryServerInterceptors(audited))

	server := grpc.NewServer(channel.Chain().ServerOptions()...)
	healthpb.RegisterHealthServer(inprocchain.MultiRegistrar(server, channel), health.NewServer())

	network, stop := listenAndDial(server)
	defer stop()
	fmt.Println(checkHealth(network))
	// Output:
	// audited /grpc.health.v1.Health/Check: OK
	// SERVING
}

// InProcess is for code that accepts only an *inprocgrpc.Channel. Its RPCs run the server
// side of the chain, and not the client side.
func ExampleChannel_InProcess() {
	newGateway := func(ch *inprocgrpc.Channel) { fmt.Println(checkHealth(ch)) }

	channel := inprocchain.New(
		inprocchain.WithUnaryClientInterceptors(authorized), // does not run
		inprocchain.WithUnaryServerInterceptors(printToken),
	)
	healthpb.RegisterHealthServer(channel, health.NewServer())

	newGateway(channel.InProcess())
	// Output:
	// Check("") with ""
	// SERVING
}

// RegisterService takes what generated code contains for each service, so a program can
// register its services in a loop.
func ExampleChannel_RegisterService() {
	services := map[*grpc.ServiceDesc]any{
		&healthpb.Health_ServiceDesc: health.NewServer(),
		// the other services of the program
	}

	channel := inprocchain.New()
	for desc, implementation := range services {
		channel.RegisterService(desc, implementation)
	}
	fmt.Println(checkHealth(channel))
	// Output:
	// SERVING
}

// Server reflection needs GetServiceInfo. With it, tools such as grpcurl can list and call
// the services.
func ExampleChannel_GetServiceInfo() {
	channel := inprocchain.New()
	healthpb.RegisterHealthServer(channel, health.NewServer())
	reflection.RegisterV1(channel)

	for _, name := range slices.Sorted(maps.Keys(channel.GetServiceInfo())) {
		fmt.Println(name)
	}
	// Output:
	// grpc.health.v1.Health
	// grpc.reflection.v1.ServerReflection
}
