package inprocchain_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"

	"github.com/fullstorydev/grpchan"
	"github.com/fullstorydev/grpchan/inprocgrpc"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/recovery"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/reflection"

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

// ClientConn is for code that accepts only a *grpc.ClientConn, such as the
// Register…Handler functions of grpc-gateway.
func ExampleChannel_ClientConn() {
	channel := inprocchain.New()
	defer func() { _ = channel.Close() }() // ends the goroutines of its ClientConn
	healthpb.RegisterHealthServer(channel, health.NewServer())

	var conn *grpc.ClientConn = channel.ClientConn()
	response, err := healthpb.NewHealthClient(conn).Check(context.Background(), &healthpb.HealthCheckRequest{})
	fmt.Println(response.GetStatus(), err)
	// Output:
	// SERVING <nil>
}

// InProcess is for code that accepts only an *inprocgrpc.Channel. Its RPCs run the server
// side of the chain, and not the client side.
func ExampleChannel_InProcess() {
	channel := inprocchain.New(
		inprocchain.WithUnaryClientInterceptors(func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
			fmt.Println("client interceptor") // does not run
			return invoker(ctx, method, req, reply, cc, opts...)
		}),
		inprocchain.WithUnaryServerInterceptors(func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
			fmt.Println("server interceptor")
			return handler(ctx, req)
		}),
	)
	healthpb.RegisterHealthServer(channel, health.NewServer())

	var ch *inprocgrpc.Channel = channel.InProcess()
	response, err := healthpb.NewHealthClient(ch).Check(context.Background(), &healthpb.HealthCheckRequest{})
	fmt.Println(response.GetStatus(), err)
	// Output:
	// server interceptor
	// SERVING <nil>
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
	response, err := healthpb.NewHealthClient(channel).Check(context.Background(), &healthpb.HealthCheckRequest{})
	fmt.Println(response.GetStatus(), err)
	// Output:
	// SERVING <nil>
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

// The chain lists what runs for the RPCs of the Channel.
func ExampleChannel_Chain() {
	channel := inprocchain.New(inprocchain.WithUnaryServerInterceptors(recovery.UnaryServerInterceptor()))

	fmt.Print(channel.Chain())
	// Output:
	// client: nothing
	// server  unary                            stream
	//   1     recovery.UnaryServerInterceptor  -
}

// A Channel prints what it serves and what runs for that.
func ExampleChannel_String() {
	channel := inprocchain.New(inprocchain.WithUnaryServerInterceptors(recovery.UnaryServerInterceptor()))
	healthpb.RegisterHealthServer(channel, health.NewServer())

	fmt.Print(channel)
	// Output:
	// inprocchain.Channel at inproc with services [grpc.health.v1.Health]
	// client: nothing
	// server  unary                            stream
	//   1     recovery.UnaryServerInterceptor  -
}

// A wrapper with a method Unwrap is a layer that can be looked through, as a Channel is.
type wrapper struct{ grpc.ClientConnInterface }

func (w wrapper) Unwrap() grpc.ClientConnInterface { return w.ClientConnInterface }

// A loop over Unwrap lists the layers of a connection.
func ExampleChannel_Unwrap() {
	var cc grpc.ClientConnInterface = wrapper{inprocchain.New()}

	for {
		fmt.Printf("%T\n", cc)
		layer, ok := cc.(grpchan.WrappedClientConn)
		if !ok {
			break
		}
		cc = layer.Unwrap()
	}
	// Output:
	// inprocchain_test.wrapper
	// *inprocchain.Channel
	// *inprocgrpc.Channel
}

// Shutdown waits for RPCs in flight. RPCs that are made afterwards fail.
func ExampleChannel_Shutdown() {
	channel := inprocchain.New()
	healthpb.RegisterHealthServer(channel, health.NewServer())

	ctx := context.Background()
	fmt.Println(channel.Shutdown(ctx))
	_, err := healthpb.NewHealthClient(channel).Check(ctx, &healthpb.HealthCheckRequest{})
	fmt.Println(err)
	// Output:
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

// logged is a client interceptor that prints the method of each unary RPC.
func logged(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	fmt.Println("calling", method)
	return invoker(ctx, method, req, reply, cc, opts...)
}

// Unwrap finds the in-process channel below any number of layers.
func ExampleUnwrap() {
	channel := inprocchain.New()
	layered := grpchan.InterceptClientConn(channel, logged, nil)

	ch, err := inprocchain.Unwrap(layered)
	fmt.Println(ch == channel.InProcess(), err)

	_, err = inprocchain.Unwrap(channel.ClientConn())
	fmt.Println(err)
	// Output:
	// true <nil>
	// inprocchain: not an in-process channel; layers: *grpc.ClientConn; the last one is the ClientConn of a Channel, which cannot be unwrapped: keep the Channel, and pass that to Unwrap
}

// As finds a layer by its type, for example to print the Chain of a Channel.
func ExampleAs() {
	channel := inprocchain.New(inprocchain.WithUserAgent("gateway/1.2"))
	layered := grpchan.InterceptClientConn(channel, logged, nil)

	if channel, ok := inprocchain.As[*inprocchain.Channel](layered); ok {
		fmt.Print(channel.Chain())
	}
	// Output:
	// client
	//   user agent: gateway/1.2
	// server: nothing
}

// The error shows that a connection does not lead to an in-process channel, and names its
// type.
func ExampleErrNotInProcess() {
	network, err := grpc.NewClient("example.com:443", grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		panic(err)
	}
	defer func() { _ = network.Close() }()

	_, err = inprocchain.Unwrap(network)
	if errors.Is(err, inprocchain.ErrNotInProcess) {
		fmt.Println(err)
	}
	// Output:
	// inprocchain: not an in-process channel; layers: *grpc.ClientConn
}
