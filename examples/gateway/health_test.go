package gateway

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/auth"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/selector"
	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/inprocchain/inprocchain"
	pb "github.com/inprocchain/inprocchain/examples/flags/flagspb"
)

func TestHealthEndpointGoesThroughTheChannel(t *testing.T) {
	t.Parallel()
	notHealth := selector.MatchFunc(func(_ context.Context, call interceptors.CallMeta) bool {
		return call.Service != healthpb.Health_ServiceDesc.ServiceName
	})
	chain := inprocchain.NewChain(
		inprocchain.WithUnaryServerInterceptors(
			selector.UnaryServerInterceptor(auth.UnaryServerInterceptor(authenticate), notHealth),
		),
	)
	channel := inprocchain.New(chain)
	pb.RegisterFlagsServer(channel, new(service))

	healthServer := health.NewServer()
	healthpb.RegisterHealthServer(channel, healthServer)
	mux := runtime.NewServeMux(runtime.WithHealthzEndpoint(healthpb.NewHealthClient(channel)))
	if err := pb.RegisterFlagsHandlerClient(t.Context(), mux, pb.NewFlagsClient(channel)); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(mux)
	defer server.Close()

	healthServer.SetServingStatus("flags.v1.Flags", healthpb.HealthCheckResponse_NOT_SERVING)
	for path, want := range map[string]int{
		"/healthz":                        http.StatusOK,
		"/healthz?service=flags.v1.Flags": http.StatusServiceUnavailable,
		"/healthz?service=unknown":        http.StatusNotFound,
		"/v1/flags/a":                     http.StatusUnauthorized,
	} {
		if status, body := get(t, server.URL+path); status != want {
			t.Errorf("GET %s returned %d: %s, want %d", path, status, body, want)
		}
	}
	if err := channel.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if status, body := get(t, server.URL+"/healthz"); status != http.StatusServiceUnavailable {
		t.Errorf("after Shutdown, GET /healthz returned %d: %s, want %d", status, body, http.StatusServiceUnavailable)
	}
}
