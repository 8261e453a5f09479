package docs_test

import (
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/inprocchain/inprocchain/chaintest"
)

// The test in README.md.
func TestREADMEServesInATest(t *testing.T) {
	channel := chaintest.Serve(t, func(s grpc.ServiceRegistrar) {
		healthpb.RegisterHealthServer(s, health.NewServer())
	})
	client := healthpb.NewHealthClient(channel)

	response, err := client.Check(t.Context(), &healthpb.HealthCheckRequest{})
	if err != nil || response.GetStatus() != healthpb.HealthCheckResponse_SERVING {
		t.Errorf("got %v, %v", response, err)
	}
}
