package consumer

import (
	"context"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"google.golang.org/grpc"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/inprocchain/inprocchain/chaintest"
)

func TestChannelBehavesLikeTheNetwork(t *testing.T) {
	chain := newChain(sdktrace.NewTracerProvider())
	chaintest.Compare(t, chain, register, func(ctx context.Context, cc grpc.ClientConnInterface) error {
		_, err := healthpb.NewHealthClient(cc).Check(ctx, &healthpb.HealthCheckRequest{})
		return err
	})
}
