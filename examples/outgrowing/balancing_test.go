package outgrowing

import (
	"context"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
	pb "github.com/inprocchain/inprocchain/examples/flags/flagspb"
)

// roundRobin spreads RPCs over all addresses that the resolver returns.
const roundRobin = `{"loadBalancingConfig": [{"round_robin": {}}]}`

func TestRoundRobinSpreadsRPCsOverSeveralProcesses(t *testing.T) {
	t.Parallel()
	_, first := listen(t, inprocchain.NewChain(), new(flags))
	_, second := listen(t, inprocchain.NewChain(), new(flags))
	channel := connect(t, inprocchain.NewChain(), "addresses:///flags", resolveTo(first, second), grpc.WithDefaultServiceConfig(roundRobin))
	expectPeers(t, channel, first, second)
}

func TestDefaultBalancerUsesOneAddress(t *testing.T) {
	t.Parallel()
	_, first := listen(t, inprocchain.NewChain(), new(flags))
	_, second := listen(t, inprocchain.NewChain(), new(flags))
	client := pb.NewFlagsClient(connect(t, inprocchain.NewChain(), "addresses:///flags", resolveTo(first, second)))
	used := map[string]bool{}
	for range 20 {
		var server peer.Peer
		if _, err := client.Get(t.Context(), new(pb.GetRequest), grpc.Peer(&server)); err != nil {
			t.Fatal(err)
		}
		used[server.Addr.String()] = true
	}
	if len(used) != 1 {
		t.Errorf("20 RPCs used the addresses %v, want one", used)
	}
}

// resolveTo makes a target of the scheme addresses resolve to the addresses.
func resolveTo(addresses ...string) grpc.DialOption {
	var state resolver.State
	for _, addr := range addresses {
		state.Addresses = append(state.Addresses, resolver.Address{Addr: addr})
	}
	builder := manual.NewBuilderWithScheme("addresses")
	builder.InitialState(state)
	return grpc.WithResolvers(builder)
}

// expectPeers makes RPCs until it has seen all the addresses.
func expectPeers(t *testing.T, channel *inprocchain.Channel, addresses ...string) {
	t.Helper()
	missing := map[string]bool{}
	for _, addr := range addresses {
		missing[addr] = true
	}
	client := pb.NewFlagsClient(channel)
	for len(missing) > 0 && t.Context().Err() == nil {
		var server peer.Peer
		if _, err := client.Get(context.WithoutCancel(t.Context()), new(pb.GetRequest), grpc.Peer(&server), grpc.WaitForReady(true)); err != nil {
			t.Fatal(err)
		}
		delete(missing, server.Addr.String())
	}
}

// connections is a remote that chooses a connection by the name of the service.
type connections map[string]grpc.ClientConnInterface

func (c connections) Invoke(ctx context.Context, method string, req, reply any, opts ...grpc.CallOption) error {
	conn, err := c.find(method)
	if err != nil {
		return err
	}
	return conn.Invoke(ctx, method, req, reply, opts...)
}

func (c connections) NewStream(ctx context.Context, desc *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	conn, err := c.find(method)
	if err != nil {
		return nil, err
	}
	return conn.NewStream(ctx, desc, method, opts...)
}

func (c connections) find(method string) (grpc.ClientConnInterface, error) {
	service, _, _ := strings.Cut(strings.TrimPrefix(method, "/"), "/")
	if conn, ok := c[service]; ok {
		return conn, nil
	}
	return nil, status.Errorf(codes.Unimplemented, "unknown service %s", service)
}

func TestRemoteMayChooseAConnectionByService(t *testing.T) {
	t.Parallel()
	backend := start(t, inprocchain.NewChain(), new(flags))
	channel := inprocchain.New(inprocchain.WithRemote(connections{"flags.v1.Flags": backend}))
	if _, err := pb.NewFlagsClient(channel).Get(t.Context(), new(pb.GetRequest)); err != nil {
		t.Errorf("Get returned %v", err)
	}
	err := channel.Invoke(t.Context(), "/other.Service/Method", new(pb.GetRequest), new(pb.Flag))
	if status.Code(err) != codes.Unimplemented {
		t.Errorf("an RPC for another service returned %v, want Unimplemented", err)
	}
}
