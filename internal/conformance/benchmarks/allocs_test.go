//go:build !race

package benchmarks_test

import (
	"context"
	"io"
	"testing"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
	pb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	"github.com/inprocchain/inprocchain"
)

// The number of allocations does not depend on the machine, so these tests check it
// exactly. The race detector allocates too, so this file is not built with it.

const runs = 2000 // enough for allocations by other goroutines to be rounded away

func TestAllocsOfUnary(t *testing.T) {
	want := map[string]float64{"0": 12, "1KiB": 16}
	intercepted := serve(new(inprocgrpc.Channel).WithServerUnaryInterceptor(passServer))
	for _, size := range sizes[:2] {
		t.Run("size="+size.name, func(t *testing.T) {
			got, bare := allocsOfUnary(t, newChannel(), size.bytes), allocsOfUnary(t, intercepted, size.bytes)
			t.Logf("an RPC makes %v allocations, on the bare channel with one interceptor %v", got, bare)
			if got != want[size.name] {
				t.Errorf("an RPC makes %v allocations, want %v", got, want[size.name])
			}
			if most := bare + 2; got > most {
				t.Errorf("an RPC makes %v allocations, want at most %v: two more than on the bare channel", got, most)
			}
		})
	}
}

func TestAllocsOfStream(t *testing.T) {
	for _, size := range sizes[:2] {
		t.Run("size="+size.name, func(t *testing.T) {
			got, bare := allocsOfMessage(t, newChannel(), size.bytes), allocsOfMessage(t, bareChannel(), size.bytes)
			t.Logf("a message and its response make %v allocations, on the bare channel %v", got, bare)
			if got >= bare {
				t.Errorf("a message and its response make %v allocations, want fewer than %v: each is copied once, not twice", got, bare)
			}
		})
	}
}

func TestAllocsOfServerInterceptors(t *testing.T) {
	handler := func(context.Context, any) (any, error) { return nil, nil }
	allocs := func(folded grpc.UnaryServerInterceptor) float64 {
		return testing.AllocsPerRun(runs, func() { _, _ = folded(t.Context(), nil, nil, handler) })
	}
	fold := func(n int) grpc.UnaryServerInterceptor {
		return inprocchain.NewChain(inprocchain.WithUnaryServerInterceptors(passServers(n)...)).UnaryServerInterceptor()
	}
	one, oneInGRPC := allocs(fold(1)), allocs(foldOfServer(t, passServers(1)))
	for _, n := range []int{2, 3, 4, 5, 8, 16, 32} {
		got := (allocs(fold(n)) - one) / float64(n-1)
		most := (allocs(foldOfServer(t, passServers(n))) - oneInGRPC) / float64(n-1)
		t.Logf("n=%d: each additional interceptor makes %.3f allocations, in grpc-go %.3f", n, got, most)
		if got > most {
			t.Errorf("n=%d: each additional interceptor makes %.3f allocations, want at most %.3f as in grpc-go", n, got, most)
		}
	}
}

func TestAllocsOfClientInterceptors(t *testing.T) {
	one := allocsOfUnary(t, newChannel(inprocchain.WithUnaryClientInterceptors(passClient)), 0)
	for _, n := range []int{2, 8, 32} {
		got := allocsOfUnary(t, newChannel(inprocchain.WithUnaryClientInterceptors(passClients(n)...)), 0) - one
		t.Logf("n=%d: %v allocations", n, got)
		if got > 0 {
			t.Errorf("%d more client interceptors make %v allocations, want 0: New folds them once", n-1, got)
		}
	}
}

func TestAllocsWithoutStatsHandlers(t *testing.T) {
	empty := allocsOfUnary(t, newChannel(), 1<<10)
	for name, opt := range map[string]inprocchain.Option{
		"no server handler": inprocchain.WithServerStatsHandlers(),
		"no client handler": inprocchain.WithClientStatsHandlers(),
		"an empty chain":    inprocchain.NewChain(),
	} {
		if got := allocsOfUnary(t, newChannel(opt), 1<<10); got != empty {
			t.Errorf("with %s an RPC makes %v allocations, want %v as without", name, got, empty)
		}
	}
}

// An option that changes neither the codec nor what the server receives costs nothing.
func TestAllocsOfCallOptions(t *testing.T) {
	ch, req, reply := newChannel(), request(0), new(pb.SimpleResponse)
	allocs := func(opts ...grpc.CallOption) float64 {
		return testing.AllocsPerRun(runs, func() {
			if err := ch.Invoke(t.Context(), pb.BenchmarkService_UnaryCall_FullMethodName, req, reply, opts...); err != nil {
				t.Fatal(err)
			}
		})
	}
	without := allocs()
	for name, opt := range map[string]grpc.CallOption{
		"WaitForReady":       grpc.WaitForReady(true),
		"MaxCallRecvMsgSize": grpc.MaxCallRecvMsgSize(1 << 20),
		"OnFinish":           grpc.OnFinish(func(error) {}),
		"Peer":               grpc.Peer(new(peer.Peer)),
	} {
		if got := allocs(opt); got != without {
			t.Errorf("with %s an RPC makes %v allocations, want %v as without", name, got, without)
		}
	}
}

// Each RPC has :authority, content-type and user-agent in its incoming metadata. They
// are the same for all RPCs of a Channel, and so is their metadata.
func TestAllocsOfRPCsWithoutMetadata(t *testing.T) {
	client := pb.NewBenchmarkServiceClient(newChannel())
	allocs := func(ctx context.Context, call func(context.Context) error) float64 {
		return testing.AllocsPerRun(runs, func() {
			if err := call(ctx); err != nil {
				t.Fatal(err)
			}
		})
	}
	for _, rpc := range []struct {
		name string
		call func(context.Context) error
		want float64
	}{
		{"unary", func(ctx context.Context) error {
			_, err := client.UnaryCall(ctx, &pb.SimpleRequest{})
			return err
		}, 13},
		{"stream", func(ctx context.Context) error {
			stream, err := client.StreamingCall(ctx)
			if err != nil {
				return err
			}
			if err := stream.CloseSend(); err != nil {
				return err
			}
			if _, err := stream.Recv(); err != io.EOF {
				return err
			}
			return nil
		}, 22},
	} {
		got := allocs(t.Context(), rpc.call)
		if got != rpc.want {
			t.Errorf("%s: an RPC without metadata makes %v allocations, want %v", rpc.name, got, rpc.want)
		}
		with := allocs(metadata.AppendToOutgoingContext(t.Context(), "key", "value"), rpc.call)
		t.Logf("%s: an RPC with metadata makes %v allocations, without %v", rpc.name, with, got)
		if with <= got {
			t.Errorf("%s: metadata costs nothing, so the check above proves nothing", rpc.name)
		}
	}
}

func allocsOfUnary(t *testing.T, cc grpc.ClientConnInterface, size int) float64 {
	client, req := pb.NewBenchmarkServiceClient(cc), request(size)
	return testing.AllocsPerRun(runs, func() {
		if _, err := client.UnaryCall(t.Context(), req); err != nil {
			t.Fatal(err)
		}
	})
}

func allocsOfMessage(t *testing.T, cc grpc.ClientConnInterface, size int) float64 {
	stream, err := pb.NewBenchmarkServiceClient(cc).StreamingCall(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	req := request(size)
	return testing.AllocsPerRun(runs, func() {
		if err := stream.Send(req); err != nil {
			t.Fatal(err)
		}
		if _, err := stream.Recv(); err != nil {
			t.Fatal(err)
		}
	})
}
