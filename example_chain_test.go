package inprocchain_test

import (
	"context"
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/stats"

	"github.com/inprocchain/inprocchain"
)

// Print a chain when an interceptor seems not to run.
func ExampleChain() {
	chain := inprocchain.NewChain(
		inprocchain.WithUnaryClientInterceptors(authorized),
		inprocchain.WithServerStatsHandlers(printEvents{}),
		inprocchain.WithUnaryServerInterceptors(recovered, audited),
	)
	fmt.Print(chain)
	// Output:
	// client  unary                        stream
	//   1     inprocchain_test.authorized  -
	// server   unary                         stream
	//   stats  inprocchain_test.printEvents  inprocchain_test.printEvents
	//   1      inprocchain_test.recovered    -
	//   2      inprocchain_test.audited      -
}

// A chain is an option, so one chain can extend another. The base does not change.
func ExampleNewChain() {
	base := inprocchain.NewChain(inprocchain.WithUnaryServerInterceptors(recovered))
	more := inprocchain.NewChain(base, inprocchain.WithUnaryServerInterceptors(audited))

	channel := inprocchain.New(base)
	healthpb.RegisterHealthServer(channel, health.NewServer())
	fmt.Println("base:", checkHealth(channel))

	channel = inprocchain.New(more)
	healthpb.RegisterHealthServer(channel, health.NewServer())
	fmt.Println("more:", checkHealth(channel))
	// Output:
	// base: SERVING
	// audited /grpc.health.v1.Health/Check: OK
	// more: SERVING
}

// The server's own options may come before or after those of the chain.
func ExampleChain_ServerOptions() {
	chain := inprocchain.NewChain(inprocchain.WithUnaryServerInterceptors(recovered, audited))

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

// A stats handler gets the events that grpc-go sends for an RPC on a network. It has got
// all of them when the client has the response.
func ExampleWithServerStatsHandlers() {
	channel := inprocchain.New(inprocchain.WithServerStatsHandlers(printEvents{}))
	healthpb.RegisterHealthServer(channel, health.NewServer())
	fmt.Println(checkHealth(channel))
	// Output:
	// /grpc.health.v1.Health/Check
	// *stats.InHeader
	// *stats.Begin
	// *stats.InPayload
	// *stats.OutHeader
	// *stats.OutPayload
	// *stats.OutTrailer
	// *stats.End
	// SERVING
}

// printEvents is a stats handler.
type printEvents struct{}

func (printEvents) TagRPC(ctx context.Context, info *stats.RPCTagInfo) context.Context {
	fmt.Println(info.FullMethodName)
	return ctx
}

func (printEvents) HandleRPC(_ context.Context, event stats.RPCStats) { fmt.Printf("%T\n", event) }

func (printEvents) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

func (printEvents) HandleConn(context.Context, stats.ConnStats) {}
