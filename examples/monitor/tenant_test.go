package monitor

import (
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/chaintest"
)

func registerHealth(s grpc.ServiceRegistrar) { healthpb.RegisterHealthServer(s, health.NewServer()) }

func TestRequireTenant(t *testing.T) {
	chain := inprocchain.NewChain(inprocchain.WithUnaryServerInterceptors(RequireTenant))
	chaintest.Run(t, chain, registerHealth, func(t *testing.T, cc grpc.ClientConnInterface) {
		client := healthpb.NewHealthClient(cc)
		_, err := client.Check(t.Context(), &healthpb.HealthCheckRequest{})
		if status.Code(err) != codes.InvalidArgument {
			t.Errorf("without a tenant: got %v, want InvalidArgument", err)
		}
		ctx := metadata.AppendToOutgoingContext(t.Context(), "tenant", "acme")
		if _, err := client.Check(ctx, &healthpb.HealthCheckRequest{}); err != nil {
			t.Errorf("with a tenant: %v", err)
		}
	})
}
