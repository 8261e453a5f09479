package outgrowing

import (
	"context"
	"net"
	"slices"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/inprocchain/inprocchain"
	pb "github.com/inprocchain/inprocchain/examples/flags/flagspb"
)

// callingProcess is step 2 of docs/outgrowing.md for a service that calls another one, which
// stays at the address remaining.
func callingProcess(chain inprocchain.Chain, remaining string, opts ...grpc.DialOption) (*inprocchain.Channel, *grpc.Server) {
	channel := inprocchain.New(chain, inprocchain.WithRemoteTarget(remaining, []string{"grpc.health.v1.Health"}, opts...))
	pb.RegisterFlagsServer(channel, &callingFlags{health: healthpb.NewHealthClient(channel)})

	server := channel.NewServer() // serves the flags, and not the health service
	return channel, server
}

// callingFlags is the service that has moved. It calls the other one as it did before.
type callingFlags struct {
	pb.UnimplementedFlagsServer
	health healthpb.HealthClient
}

func (f *callingFlags) Get(ctx context.Context, req *pb.GetRequest) (*pb.Flag, error) {
	response, err := f.health.Check(ctx, &healthpb.HealthCheckRequest{})
	if err != nil {
		return nil, err
	}
	return &pb.Flag{Key: req.GetKey(), Enabled: response.GetStatus() == healthpb.HealthCheckResponse_SERVING}, nil
}

func TestMovedServiceCallsOneThatStays(t *testing.T) {
	t.Parallel()
	// recorded is a chain that records which methods its process handles.
	recorded := func(methods *[]string) inprocchain.Chain {
		return inprocchain.NewChain(inprocchain.WithUnaryServerInterceptors(func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
			*methods = append(*methods, info.FullMethod)
			return handler(ctx, req)
		}))
	}
	var here, there []string
	remaining, moved := localListener(t), localListener(t)

	calling, server := callingProcess(recorded(&there), remaining.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	serve(t, server, moved)
	t.Cleanup(func() {
		if err := calling.Shutdown(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	channel := connect(t, recorded(&here), moved.Addr().String())
	serve(t, channel.NewServer(), remaining)

	flag, err := pb.NewFlagsClient(channel).Get(t.Context(), &pb.GetRequest{Key: "dark-mode"})
	if err != nil || !flag.GetEnabled() {
		t.Errorf("got %v, %v; want an enabled flag", flag, err)
	}
	if !slices.Equal(here, []string{healthpb.Health_Check_FullMethodName}) || !slices.Equal(there, []string{pb.Flags_Get_FullMethodName}) {
		t.Errorf("the remaining process handled %q, the other one %q", here, there)
	}
}

func localListener(t *testing.T) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return listener
}
