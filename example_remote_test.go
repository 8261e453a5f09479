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

// The health service has moved to another process, and is not registered here. Its
// callers do not change.
func ExampleWithRemote() {
	chain := inprocchain.NewChain(inprocchain.WithUnaryServerInterceptors(audited))

	address, stop := startOtherProcess(chain)
	defer stop()
	conn, err := grpc.NewClient(address, append(chain.DialOptions(),
		grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		panic(err)
	}
	defer func() { _ = conn.Close() }()

	channel := inprocchain.New(chain, inprocchain.WithRemote(conn))
	fmt.Println(checkHealth(channel))
	// Output:
	// audited /grpc.health.v1.Health/Check: OK
	// SERVING
}

// startOtherProcess stands for a server in another process.
func startOtherProcess(chain inprocchain.Chain) (address string, stop func()) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	server := grpc.NewServer(chain.ServerOptions()...)
	healthpb.RegisterHealthServer(server, health.NewServer())
	go func() { _ = server.Serve(listener) }()
	return listener.Addr().String(), server.Stop
}
