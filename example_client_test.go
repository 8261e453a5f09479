package inprocchain_test

import (
	"context"
	"fmt"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
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
	// Check("front") with "Bearer alice"
	// Check("back") with "Bearer alice"
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
	fmt.Printf("Check(%q) with %q\n", req.(*healthpb.HealthCheckRequest).Service, strings.Join(tokens, ", "))
	return handler(ctx, req)
}
