package inprocchain_test

import (
	"fmt"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/inprocchain/inprocchain"
)

// One chain is for the network server, the network client and the Channel.
func ExampleChain() {
	chain := inprocchain.NewChain(
		inprocchain.WithUnaryClientInterceptors(authorized),
		inprocchain.WithUnaryServerInterceptors(printToken),
	)
	server := grpc.NewServer(chain.ServerOptions()...)
	channel := inprocchain.New(chain)
	defer func() { _ = channel.Close() }()
	healthpb.RegisterHealthServer(inprocchain.MultiRegistrar(server, channel), health.NewServer())

	network, stop := listenAndDial(server, chain.DialOptions()...)
	defer stop()
	fmt.Println("network:", checkHealth(network))
	fmt.Println("in-process:", checkHealth(channel))
	// Output:
	// Check("") with "Bearer alice"
	// network: SERVING
	// Check("") with "Bearer alice"
	// in-process: SERVING
}

// Print a chain when an interceptor seems not to run.
func ExampleChain_String() {
	chain := inprocchain.NewChain(
		inprocchain.WithUnaryClientInterceptors(authorized),
		inprocchain.WithServerStatsHandlers(printEvents{}),
		inprocchain.WithUnaryServerInterceptors(audited, recovered),
	)
	fmt.Print(chain)
	// Output:
	// client  unary                        stream
	//   1     inprocchain_test.authorized  -
	// server   unary                         stream
	//   stats  inprocchain_test.printEvents  inprocchain_test.printEvents
	//   1      inprocchain_test.audited      -
	//   2      inprocchain_test.recovered    -
}

// A chain is an option, so one chain can extend another. The base does not change.
func ExampleNewChain() {
	base := inprocchain.NewChain(inprocchain.WithUnaryServerInterceptors(audited))
	more := inprocchain.NewChain(base, inprocchain.WithUnaryServerInterceptors(printToken))

	channel := inprocchain.New(base)
	healthpb.RegisterHealthServer(channel, health.NewServer())
	fmt.Println("base:", checkHealth(channel))

	channel = inprocchain.New(more)
	healthpb.RegisterHealthServer(channel, health.NewServer())
	fmt.Println("more:", checkHealth(channel))
	// Output:
	// audited /grpc.health.v1.Health/Check: OK
	// base: SERVING
	// Check("") with ""
	// audited /grpc.health.v1.Health/Check: OK
	// more: SERVING
}

// The client's own options may come before or after those of the chain.
func ExampleChain_DialOptions() {
	chain := inprocchain.NewChain(
		inprocchain.WithUnaryClientInterceptors(authorized),
		inprocchain.WithUnaryServerInterceptors(printToken),
	)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	server := grpc.NewServer(chain.ServerOptions()...)
	healthpb.RegisterHealthServer(server, health.NewServer())
	go func() { _ = server.Serve(listener) }()
	defer server.Stop()

	conn, err := grpc.NewClient(listener.Addr().String(), append(chain.DialOptions(),
		grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		panic(err)
	}
	defer func() { _ = conn.Close() }()
	fmt.Println(checkHealth(conn))
	// Output:
	// Check("") with "Bearer alice"
	// SERVING
}

// The server's own options may come before or after those of the chain.
func ExampleChain_ServerOptions() {
	chain := inprocchain.NewChain(inprocchain.WithUnaryServerInterceptors(audited, recovered))

	server := grpc.NewServer(append(chain.ServerOptions(), grpc.MaxRecvMsgSize(1<<20))...)
	healthpb.RegisterHealthServer(server, health.NewServer())

	network, stop := listenAndDial(server)
	defer stop()
	fmt.Println(checkHealth(network))
	// Output:
	// audited /grpc.health.v1.Health/Check: OK
	// SERVING
}

// Register a service once, and serve it over the network and in-process.
func ExampleMultiRegistrar() {
	chain := inprocchain.NewChain(inprocchain.WithUnaryServerInterceptors(recovered))
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
