package chaintest_test

import (
	"context"
	"fmt"
	"testing"

	"google.golang.org/grpc"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/inprocchain/inprocchain/chaintest"
)

// A fakeHealth takes the place of a service of somebody else.
type fakeHealth struct {
	healthpb.UnimplementedHealthServer
}

func (fakeHealth) Check(context.Context, *healthpb.HealthCheckRequest) (*healthpb.HealthCheckResponse, error) {
	return &healthpb.HealthCheckResponse{Status: healthpb.HealthCheckResponse_NOT_SERVING}, nil
}

// In a test file, test has the name TestX.
func ExampleServe() {
	test := func(t *testing.T) {
		client := healthpb.NewHealthClient(chaintest.Serve(t, func(s grpc.ServiceRegistrar) {
			healthpb.RegisterHealthServer(s, fakeHealth{})
		}))
		response, err := client.Check(t.Context(), &healthpb.HealthCheckRequest{})
		if err != nil || response.GetStatus() != healthpb.HealthCheckResponse_NOT_SERVING {
			t.Errorf("got %v, %v", response, err)
		}
	}
	fmt.Println("passed:", runTest(test))

	// Output:
	// passed: true
}
