package inprocchain_test

import (
	"context"
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"

	"github.com/inprocchain/inprocchain"
)

// Each module of an application has a client with credentials of its own. Tracing and other
// parts of the client side come from the chain, as from chain.DialOptions() on a network.
func ExampleClient() {
	chain := inprocchain.NewChain(
		inprocchain.WithUnaryClientInterceptors(logCall),
		inprocchain.WithUnaryServerInterceptors(printCaller),
	)
	channel := inprocchain.New(chain)
	healthpb.RegisterHealthServer(channel, health.NewServer())

	for _, module := range []string{"billing", "admin"} {
		client := channel.NewClient(chain,
			inprocchain.WithDefaultCallOptions(grpc.PerRPCCredentials(bearer(module+"'s token"))))
		if _, err := healthpb.NewHealthClient(client).Check(context.Background(), &healthpb.HealthCheckRequest{}); err != nil {
			panic(err)
		}
	}
	// Output:
	// calling /grpc.health.v1.Health/Check
	// called with [Bearer billing's token]
	// calling /grpc.health.v1.Health/Check
	// called with [Bearer admin's token]
}

// bearer implements credentials.PerRPCCredentials.
type bearer string

func (b bearer) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer " + string(b)}, nil
}

func (bearer) RequireTransportSecurity() bool { return true }

func logCall(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	fmt.Println("calling", method)
	return invoker(ctx, method, req, reply, cc, opts...)
}

func printCaller(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	fmt.Println("called with", metadata.ValueFromIncomingContext(ctx, "authorization"))
	return handler(ctx, req)
}
