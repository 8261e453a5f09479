package docs_test

import (
	"context"
	"fmt"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/inprocchain/inprocchain"
)

// The code that README.md shows first.
func Example() {
	audited := func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		fmt.Println("audited", info.FullMethod)
		return handler(ctx, req)
	}

	chain := inprocchain.NewChain(
		inprocchain.WithServerStatsHandlers(otelgrpc.NewServerHandler()),
		inprocchain.WithUnaryServerInterceptors(audited, recovered),
	)

	server := grpc.NewServer(chain.ServerOptions()...) // for the network
	channel := inprocchain.New(chain)                  // for this process

	services := inprocchain.MultiRegistrar(server, channel)
	healthpb.RegisterHealthServer(services, health.NewServer())

	client := healthpb.NewHealthClient(channel)
	_, err := client.Check(context.Background(), &healthpb.HealthCheckRequest{})
	fmt.Println(err)
	// Output:
	// audited /grpc.health.v1.Health/Check
	// <nil>
}
