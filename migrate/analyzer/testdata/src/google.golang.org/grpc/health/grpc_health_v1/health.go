// Package grpc_health_v1 declares what the test files need of the real one.
package grpc_health_v1

import (
	"context"

	"google.golang.org/grpc"
)

type (
	HealthCheckRequest  struct{}
	HealthCheckResponse struct{}
)

func (*HealthCheckResponse) GetStatus() string { return "" }

type HealthClient interface {
	Check(ctx context.Context, in *HealthCheckRequest, opts ...grpc.CallOption) (*HealthCheckResponse, error)
	Watch(ctx context.Context, in *HealthCheckRequest, opts ...grpc.CallOption) (Health_WatchClient, error)
}

type Health_WatchClient interface {
	Recv() (*HealthCheckResponse, error)
}

type HealthServer interface {
	Check(context.Context, *HealthCheckRequest) (*HealthCheckResponse, error)
}

func NewHealthClient(cc grpc.ClientConnInterface) HealthClient { return nil }

func RegisterHealthServer(s grpc.ServiceRegistrar, srv HealthServer) {}
