package chaintest_test

import (
	"context"
	"flag"
	"fmt"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/chaintest"
)

// refuse is the interceptor under test.
func refuse(context.Context, any, *grpc.UnaryServerInfo, grpc.UnaryHandler) (any, error) {
	return nil, status.Error(codes.ResourceExhausted, "try again later")
}

// In a test file, test has the name TestX.
func ExampleRun() {
	test := func(t *testing.T) {
		chain := inprocchain.NewChain(inprocchain.WithUnaryServerInterceptors(refuse))
		register := func(s grpc.ServiceRegistrar) { healthpb.RegisterHealthServer(s, health.NewServer()) }
		chaintest.Run(t, chain, register, func(t *testing.T, cc grpc.ClientConnInterface) {
			_, err := healthpb.NewHealthClient(cc).Check(t.Context(), &healthpb.HealthCheckRequest{})
			if status.Code(err) != codes.ResourceExhausted {
				t.Errorf("got %v, want ResourceExhausted", err)
			}
		})
	}
	fmt.Println("passed:", runTest(test))

	// Output:
	// passed: true
}

// runTest runs a test as go test without -v does, and reports whether it passed.
func runTest(test func(*testing.T)) (passed bool) {
	verbose := flag.Lookup("test.v").Value
	defer func(value string) { _ = verbose.Set(value) }(verbose.String())
	_ = verbose.Set("false")
	all := func(_, _ string) (bool, error) { return true, nil }
	return testing.RunTests(all, []testing.InternalTest{{Name: "Test", F: test}})
}
