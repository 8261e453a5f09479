package inprocchain_test

import (
	"context"
	"fmt"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"

	"github.com/inprocchain/inprocchain"
)

// A service calls the next one through a client of its own, which forwards the token
// that the service has received.
func ExampleChannel_NewClient() {
	channel := inprocchain.New(inprocchain.WithUnaryServerInterceptors(printToken))
	next := channel.NewClient(
		inprocchain.WithDefaultCallOptions(grpc.PerRPCCredentials(forwardedToken{})),
	)
	healthpb.RegisterHealthServer(channel, &frontService{next: healthpb.NewHealthClient(next)})

	ctx := metadata.AppendToOutgoingContext(context.Background(), "authorization", "Bearer alice")
	client := healthpb.NewHealthClient(channel)
	fmt.Println(client.Check(ctx, &healthpb.HealthCheckRequest{Service: "front"}))
	// Output:
	// front called with "Bearer alice"
	// back called with "Bearer alice"
	// status:SERVING <nil>
}

// forwardedToken is the token of the RPC whose handler makes another one.
type forwardedToken struct{}

var _ credentials.PerRPCCredentials = forwardedToken{}

func (forwardedToken) GetRequestMetadata(ctx context.Context, _ ...string) (map[string]string, error) {
	tokens := metadata.ValueFromIncomingContext(ctx, "authorization")
	if len(tokens) == 0 {
		return nil, nil
	}
	return map[string]string{"authorization": tokens[0]}, nil
}

func (forwardedToken) RequireTransportSecurity() bool { return true }

// frontService asks the next service for its health.
type frontService struct {
	healthpb.UnimplementedHealthServer
	next healthpb.HealthClient
}

func (s *frontService) Check(ctx context.Context, req *healthpb.HealthCheckRequest) (*healthpb.HealthCheckResponse, error) {
	if req.Service == "front" {
		return s.next.Check(ctx, &healthpb.HealthCheckRequest{Service: "back"})
	}
	return &healthpb.HealthCheckResponse{Status: healthpb.HealthCheckResponse_SERVING}, nil
}

func printToken(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	tokens := metadata.ValueFromIncomingContext(ctx, "authorization")
	fmt.Printf("%s called with %q\n", req.(*healthpb.HealthCheckRequest).Service, strings.Join(tokens, ", "))
	return handler(ctx, req)
}

// Every RPC of a client gets its default call options. Those of the RPC come after
// them.
func ExampleWithDefaultCallOptions() {
	chain := inprocchain.NewChain(
		inprocchain.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(1)), // also in chain.DialOptions()
	)
	channel := inprocchain.New(chain)
	healthpb.RegisterHealthServer(channel, health.NewServer())

	client := healthpb.NewHealthClient(channel)
	_, err := client.Check(context.Background(), &healthpb.HealthCheckRequest{})
	fmt.Println(err)
	resp, err := client.Check(context.Background(), &healthpb.HealthCheckRequest{}, grpc.MaxCallRecvMsgSize(1<<20))
	fmt.Println(resp.Status, err)
	// Output:
	// rpc error: code = ResourceExhausted desc = grpc: received message larger than max (2 vs. 1)
	// SERVING <nil>
}

// Logs tell clients apart by their user agents.
func ExampleWithUserAgent() {
	channel := inprocchain.New(
		inprocchain.WithUserAgent("gateway/1.2"), // also in the DialOptions of a Chain
		inprocchain.WithUnaryServerInterceptors(func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
			agent := metadata.ValueFromIncomingContext(ctx, "user-agent")[0]
			name, _, _ := strings.Cut(agent, " grpc-go/")
			fmt.Println("called by", name)
			return handler(ctx, req)
		}),
	)
	healthpb.RegisterHealthServer(channel, health.NewServer())

	fmt.Println(checkHealth(channel))
	fmt.Println(checkHealth(channel.NewClient(inprocchain.WithUserAgent("worker/1.0"))))
	// Output:
	// called by gateway/1.2
	// SERVING
	// called by worker/1.0
	// SERVING
}
