package bugreport

import (
	"context"
	"testing"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/chaintest"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
)

// The same calls, once with grpc-go over bufconn and once in-process.
func TestSame(t *testing.T) {
	// Add the interceptors and stats handlers that matter.
	chain := inprocchain.NewChain()

	// Use the health service if it will do; it needs no generated code.
	register := func(s grpc.ServiceRegistrar) {
		healthpb.RegisterHealthServer(s, health.NewServer())
	}

	// Make the RPCs whose result differs. What returns an error here fails the test.
	calls := func(ctx context.Context, cc grpc.ClientConnInterface) error {
		_, err := healthpb.NewHealthClient(cc).Check(ctx, &healthpb.HealthCheckRequest{})
		return err
	}

	chaintest.Compare(t, chain, register, calls)
}
