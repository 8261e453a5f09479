package inprocchain_test

import (
	"context"
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
)

// A module is known by an AuthInfo of a type that nobody on a network can have.
func ExampleWithPeer() {
	channel := inprocchain.New(inprocchain.WithUnaryServerInterceptors(onlyBilling))
	healthpb.RegisterHealthServer(channel, health.NewServer())

	billing := channel.NewClient(inprocchain.WithPeer(func(context.Context) *peer.Peer {
		return &peer.Peer{AuthInfo: module{name: "billing"}}
	}))
	for _, cc := range []grpc.ClientConnInterface{billing, channel} {
		_, err := healthpb.NewHealthClient(cc).Check(context.Background(), &healthpb.HealthCheckRequest{})
		fmt.Println(status.Code(err))
	}
	// Output:
	// OK
	// PermissionDenied
}

// A module is the AuthInfo of a module of this application.
type module struct {
	credentials.CommonAuthInfo
	name string
}

func (module) AuthType() string { return "module" }

// onlyBilling refuses RPCs that are not made by the billing module.
func onlyBilling(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	p, _ := peer.FromContext(ctx)
	if caller, ok := p.AuthInfo.(module); !ok || caller.name != "billing" {
		return nil, status.Error(codes.PermissionDenied, "only billing may call this")
	}
	return handler(ctx, req)
}
