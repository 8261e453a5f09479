// Package monitor waits for services to become healthy. Its tests are the code of
// docs/testing.md.
package monitor

import (
	"context"
	"time"

	healthpb "google.golang.org/grpc/health/grpc_health_v1"
)

// WaitUntilServing asks a service for its health once a minute, until it serves.
func WaitUntilServing(ctx context.Context, client healthpb.HealthClient) error {
	for {
		response, err := client.Check(ctx, &healthpb.HealthCheckRequest{})
		if err != nil || response.GetStatus() == healthpb.HealthCheckResponse_SERVING {
			return err
		}
		select {
		case <-time.After(time.Minute):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
