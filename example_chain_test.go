package inprocchain_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"

	"github.com/fullstorydev/grpchan"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/recovery"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/timeout"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/inprocchain/inprocchain"
)

// serve runs a server with the health service on a free port, and returns its address.
func serve(server *grpc.Server) (address string) {
	healthpb.RegisterHealthServer(server, health.NewServer())
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go func() { _ = server.Serve(listener) }()
	return listener.Addr().String()
}

// announced is a client interceptor that prints the method of each unary RPC.
func announced(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	fmt.Println("calling", method)
	return invoker(ctx, method, req, reply, cc, opts...)
}

// counted is a server interceptor that prints the method of each unary RPC.
func counted(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	fmt.Println("serving", info.FullMethod)
	return handler(ctx, req)
}

// One chain is for a network server, for a connection to it, and for a Channel.
func ExampleChain() {
	chain := inprocchain.NewChain(
		inprocchain.WithUnaryClientInterceptors(announced),
		inprocchain.WithUnaryServerInterceptors(counted),
	)
	server := grpc.NewServer(chain.ServerOptions()...)
	defer server.Stop()
	network, err := grpc.NewClient(serve(server), append(chain.DialOptions(),
		grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		panic(err)
	}
	defer func() { _ = network.Close() }()

	channel := inprocchain.New(chain)
	healthpb.RegisterHealthServer(channel, health.NewServer())

	for _, cc := range []grpc.ClientConnInterface{network, channel} {
		response, err := healthpb.NewHealthClient(cc).Check(context.Background(), &healthpb.HealthCheckRequest{})
		fmt.Println(response.GetStatus(), err)
	}
	// Output:
	// calling /grpc.health.v1.Health/Check
	// serving /grpc.health.v1.Health/Check
	// SERVING <nil>
	// calling /grpc.health.v1.Health/Check
	// serving /grpc.health.v1.Health/Check
	// SERVING <nil>
}

// A chain is an option, so one chain can extend another. The base does not change.
func ExampleNewChain() {
	base := inprocchain.NewChain(inprocchain.WithUnaryServerInterceptors(recovery.UnaryServerInterceptor()))
	more := inprocchain.NewChain(inprocchain.WithUnaryServerInterceptors(counted), base)

	fmt.Print(base)
	fmt.Print(more)
	// Output:
	// client: nothing
	// server  unary                            stream
	//   1     recovery.UnaryServerInterceptor  -
	// client: nothing
	// server  unary                            stream
	//   1     inprocchain_test.counted         -
	//   2     recovery.UnaryServerInterceptor  -
}

// Print a chain when an interceptor seems not to run.
func ExampleChain_String() {
	chain := inprocchain.NewChain(
		inprocchain.WithUnaryClientInterceptors(timeout.UnaryClientInterceptor(0)),
		inprocchain.WithUnaryServerInterceptors(recovery.UnaryServerInterceptor()),
		inprocchain.WithStreamServerInterceptors(recovery.StreamServerInterceptor()),
	)
	fmt.Print(chain)
	// Output:
	// client  unary                           stream
	//   1     timeout.UnaryClientInterceptor  -
	// server  unary                            stream
	//   1     recovery.UnaryServerInterceptor  recovery.StreamServerInterceptor
}

// A chain logs as the text that it prints, also as JSON.
func ExampleChain_LogValue() {
	withoutTime := func(_ []string, attr slog.Attr) slog.Attr {
		if attr.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return attr
	}
	log := slog.New(slog.NewJSONHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: withoutTime}))

	log.Info("starting", "chain", inprocchain.NewChain(
		inprocchain.WithServerMaxRecvMsgSize(1<<20),
		inprocchain.WithUnaryServerInterceptors(recovery.UnaryServerInterceptor()),
	))
	// Output:
	// {"level":"INFO","msg":"starting","chain":"client: nothing\nserver  unary                            stream\n  1     recovery.UnaryServerInterceptor  -\n  largest request: 1048576 bytes\n"}
}

// The server's own options may come before or after those of the chain.
func ExampleChain_ServerOptions() {
	chain := inprocchain.NewChain(inprocchain.WithUnaryServerInterceptors(counted))

	server := grpc.NewServer(append(chain.ServerOptions(), grpc.MaxConcurrentStreams(100))...)
	defer server.Stop()

	network, err := grpc.NewClient(serve(server), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		panic(err)
	}
	defer func() { _ = network.Close() }()
	response, err := healthpb.NewHealthClient(network).Check(context.Background(), &healthpb.HealthCheckRequest{})
	fmt.Println(response.GetStatus(), err)
	// Output:
	// serving /grpc.health.v1.Health/Check
	// SERVING <nil>
}

// The client's own options may come before or after those of the chain.
func ExampleChain_DialOptions() {
	chain := inprocchain.NewChain(inprocchain.WithUnaryClientInterceptors(announced))
	server := grpc.NewServer()
	defer server.Stop()

	network, err := grpc.NewClient(serve(server), append(chain.DialOptions(),
		grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		panic(err)
	}
	defer func() { _ = network.Close() }()
	response, err := healthpb.NewHealthClient(network).Check(context.Background(), &healthpb.HealthCheckRequest{})
	fmt.Println(response.GetStatus(), err)
	// Output:
	// calling /grpc.health.v1.Health/Check
	// SERVING <nil>
}

// Register a service once, on a server that somebody else has made and on a Channel.
func ExampleMultiRegistrar() {
	chain := inprocchain.NewChain(inprocchain.WithUnaryServerInterceptors(recovery.UnaryServerInterceptor()))
	server := grpc.NewServer(chain.ServerOptions()...)
	channel := inprocchain.New(chain)

	services := inprocchain.MultiRegistrar(server, channel)
	healthpb.RegisterHealthServer(services, health.NewServer())

	fmt.Println("network:", len(server.GetServiceInfo()), "service")
	fmt.Println("in-process:", len(channel.GetServiceInfo()), "service")
	// Output:
	// network: 1 service
	// in-process: 1 service
}

// One of the services has an additional chain. grpchan.WithInterceptor takes one
// interceptor of each kind.
func ExampleChain_StreamServerInterceptor() {
	watched := func(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		fmt.Println("watching", info.FullMethod)
		return handler(srv, stream)
	}
	chain := inprocchain.NewChain(inprocchain.WithStreamServerInterceptors(watched))
	channel := inprocchain.New()
	services := grpchan.WithInterceptor(channel, chain.UnaryServerInterceptor(), chain.StreamServerInterceptor())
	healthpb.RegisterHealthServer(services, health.NewServer())

	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	watch, err := healthpb.NewHealthClient(channel).Watch(ctx, &healthpb.HealthCheckRequest{})
	if err != nil {
		panic(err)
	}
	response, err := watch.Recv()
	fmt.Println(response.GetStatus(), err)
	// Output:
	// watching /grpc.health.v1.Health/Watch
	// SERVING <nil>
}

// A connection that other code has made gets the client interceptors of a chain.
func ExampleChain_UnaryClientInterceptor() {
	other := inprocchain.New()
	healthpb.RegisterHealthServer(other, health.NewServer())

	chain := inprocchain.NewChain(inprocchain.WithUnaryClientInterceptors(announced))
	cc := grpchan.InterceptClientConn(other, chain.UnaryClientInterceptor(), chain.StreamClientInterceptor())
	response, err := healthpb.NewHealthClient(cc).Check(context.Background(), &healthpb.HealthCheckRequest{})
	fmt.Println(response.GetStatus(), err)
	// Output:
	// calling /grpc.health.v1.Health/Check
	// SERVING <nil>
}

// The result is nil if the chain has no interceptors of this kind. grpchan and grpc-go
// accept nil.
func ExampleChain_StreamClientInterceptor() {
	began := func(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
		fmt.Println("began", method)
		return streamer(ctx, desc, cc, method, opts...)
	}
	chain := inprocchain.NewChain(inprocchain.WithStreamClientInterceptors(began))
	fmt.Println("no unary interceptors:", chain.UnaryClientInterceptor() == nil)

	channel := inprocchain.New()
	healthpb.RegisterHealthServer(channel, health.NewServer())
	cc := grpchan.InterceptClientConn(channel, chain.UnaryClientInterceptor(), chain.StreamClientInterceptor())

	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	_, err := healthpb.NewHealthClient(cc).Watch(ctx, &healthpb.HealthCheckRequest{})
	fmt.Println(err)
	// Output:
	// no unary interceptors: true
	// began /grpc.health.v1.Health/Watch
	// <nil>
}
