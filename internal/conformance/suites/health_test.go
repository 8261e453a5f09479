package suites_test

import (
	"context"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
)

func TestHealthCheck(t *testing.T) {
	t.Parallel()
	service := health.NewServer()
	service.SetServingStatus("flags", healthpb.HealthCheckResponse_NOT_SERVING)
	onEach(t, healthService(service), func(t *testing.T, cc grpc.ClientConnInterface) {
		t.Parallel()
		client := healthpb.NewHealthClient(cc)
		for name, want := range map[string]healthpb.HealthCheckResponse_ServingStatus{
			"":      healthpb.HealthCheckResponse_SERVING,
			"flags": healthpb.HealthCheckResponse_NOT_SERVING,
		} {
			got, err := client.Check(t.Context(), &healthpb.HealthCheckRequest{Service: name})
			if err != nil || got.GetStatus() != want {
				t.Errorf("Check of %q: got %v, %v; want %v", name, got.GetStatus(), err, want)
			}
		}
		_, err := client.Check(t.Context(), &healthpb.HealthCheckRequest{Service: "unknown"})
		if got := status.Convert(err); got.Code() != codes.NotFound || got.Message() != "unknown service" {
			t.Errorf("Check of an unknown service: got %v", err)
		}
		all, err := client.List(t.Context(), &healthpb.HealthListRequest{})
		if err != nil || len(all.GetStatuses()) != 2 {
			t.Errorf("List: got %v, %v; want two services", all, err)
		}
	})
}

// Watch continues until its caller cancels it.
func TestHealthWatch(t *testing.T) {
	t.Parallel()
	const (
		serving    = healthpb.HealthCheckResponse_SERVING
		notServing = healthpb.HealthCheckResponse_NOT_SERVING
		unknown    = healthpb.HealthCheckResponse_SERVICE_UNKNOWN
	)
	service := health.NewServer()
	onEach(t, healthService(service), func(t *testing.T, cc grpc.ClientConnInterface) {
		name := t.Name() // Each connection watches a different service.
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		stream, err := healthpb.NewHealthClient(cc).Watch(ctx, &healthpb.HealthCheckRequest{Service: name})
		if err != nil {
			t.Fatal(err)
		}
		receive := func(want healthpb.HealthCheckResponse_ServingStatus) {
			t.Helper()
			got, err := stream.Recv()
			if err != nil || got.GetStatus() != want {
				t.Fatalf("got %v, %v; want %v", got.GetStatus(), err, want)
			}
		}
		receive(unknown)
		for _, want := range []healthpb.HealthCheckResponse_ServingStatus{serving, notServing, serving} {
			service.SetServingStatus(name, want)
			receive(want)
		}
		cancel()
		if _, err := stream.Recv(); status.Code(err) != codes.Canceled {
			t.Errorf("after the caller has canceled: got %v, want %v", err, codes.Canceled)
		}
	})
}

func healthService(service *health.Server) func(grpc.ServiceRegistrar) {
	return func(s grpc.ServiceRegistrar) { healthpb.RegisterHealthServer(s, service) }
}
