package inprocchain_test

import (
	"context"
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/inprocchain/inprocchain"
)

// A client that shares messages receives what the handler has cached. Another client of the same
// services receives a copy, which it may change.
func ExampleWithSharedMessages() {
	cached := &healthpb.HealthListResponse{Statuses: map[string]*healthpb.HealthCheckResponse{
		"flags": {Status: healthpb.HealthCheckResponse_SERVING},
	}}
	returnCached := func(context.Context, any, *grpc.UnaryServerInfo, grpc.UnaryHandler) (any, error) {
		return cached, nil
	}
	channel := inprocchain.New(inprocchain.WithUnaryServerInterceptors(returnCached))
	healthpb.RegisterHealthServer(channel, health.NewServer())

	ctx := context.Background()
	for _, cc := range []grpc.ClientConnInterface{channel.NewClient(inprocchain.WithSharedMessages()), channel} {
		response, err := healthpb.NewHealthClient(cc).List(ctx, &healthpb.HealthListRequest{})
		isCached := response.Statuses["flags"] == cached.Statuses["flags"]
		fmt.Println(response.Statuses["flags"].Status, isCached, err)
	}
	// Output:
	// SERVING true <nil>
	// SERVING false <nil>
}
