// Package importer imports all packages of the project that users may import.
package importer

import (
	"context"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/chaintest"
	"github.com/inprocchain/inprocchain/migrate/analyzer"
)

func TestLibrary(t *testing.T) {
	channel := inprocchain.New()
	register(channel)
	if err := check(t.Context(), channel); err != nil {
		t.Error(err)
	}
}

func TestChaintest(t *testing.T) { chaintest.Compare(t, inprocchain.Chain{}, register, check) }

func TestAnalyzer(t *testing.T) {
	if analyzer.Analyzer.Name == "" || analyzer.Analyzer.Run == nil {
		t.Errorf("the analyzer %+v has no name or no function", analyzer.Analyzer)
	}
}

func register(services grpc.ServiceRegistrar) {
	healthpb.RegisterHealthServer(services, health.NewServer())
}

func check(ctx context.Context, cc grpc.ClientConnInterface) error {
	_, err := healthpb.NewHealthClient(cc).Check(ctx, &healthpb.HealthCheckRequest{})
	return err
}
