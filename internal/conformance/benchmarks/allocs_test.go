//go:build !race

package benchmarks_test

import (
	"context"
	"testing"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
	pb "google.golang.org/grpc/interop/grpc_testing"

	"github.com/inprocchain/inprocchain"
)

// Allocations do not depend on the machine, so they are checked exactly. The race
// detector adds its own, so this file is not built with it.

const runs = 2000 // enough that allocations of other goroutines are rounded away

func TestAllocsOfUnary(t *testing.T) {
	intercepted := serve(new(inprocgrpc.Channel).WithServerUnaryInterceptor(passServer))
	for _, size := range sizes[:2] {
		t.Run("size="+size.name, func(t *testing.T) {
			got := allocsOfUnary(t, ours(), size.bytes)
			most := allocsOfUnary(t, intercepted, size.bytes) + 2
			t.Logf("an RPC makes %v allocations, on the bare channel with one interceptor %v", got, most-2)
			if got > most {
				t.Errorf("an RPC makes %v allocations, want at most %v", got, most)
			}
		})
	}
}

func TestAllocsOfStream(t *testing.T) {
	for _, size := range sizes[:2] {
		t.Run("size="+size.name, func(t *testing.T) {
			got, most := allocsOfMessage(t, ours(), size.bytes), allocsOfMessage(t, bare(), size.bytes)
			t.Logf("a message and its answer make %v allocations, on the bare channel %v", got, most)
			if got >= most {
				t.Errorf("a message and its answer make %v allocations, want less than %v: each is copied once, not twice", got, most)
			}
		})
	}
}

func TestAllocsOfServerInterceptors(t *testing.T) {
	handler := func(context.Context, any) (any, error) { return nil, nil }
	allocs := func(folded grpc.UnaryServerInterceptor) float64 {
		return testing.AllocsPerRun(runs, func() { _, _ = folded(t.Context(), nil, nil, handler) })
	}
	ourFold := func(n int) grpc.UnaryServerInterceptor {
		return inprocchain.NewChain(inprocchain.WithUnaryServerInterceptors(passServers(n)...)).UnaryServerInterceptor()
	}
	ourOne, theirOne := allocs(ourFold(1)), allocs(foldOfServer(t, passServers(1)))
	for _, n := range []int{2, 3, 4, 5, 8, 16, 32} {
		got := (allocs(ourFold(n)) - ourOne) / float64(n-1)
		most := (allocs(foldOfServer(t, passServers(n))) - theirOne) / float64(n-1)
		t.Logf("n=%d: each interceptor added makes %.3f allocations, in grpc-go %.3f", n, got, most)
		if got > most {
			t.Errorf("n=%d: each interceptor added makes %.3f allocations, want at most %.3f as in grpc-go", n, got, most)
		}
	}
}

func TestAllocsOfClientInterceptors(t *testing.T) {
	one := allocsOfUnary(t, ours(inprocchain.WithUnaryClientInterceptors(passClient)), 0)
	for _, n := range []int{2, 8, 32} {
		got := allocsOfUnary(t, ours(inprocchain.WithUnaryClientInterceptors(passClients(n)...)), 0) - one
		t.Logf("n=%d: %v allocations", n, got)
		if got > 0 {
			t.Errorf("%d more client interceptors make %v allocations, want 0: the channel folds them once", n-1, got)
		}
	}
}

func TestAllocsWithoutStatsHandlers(t *testing.T) {
	empty := allocsOfUnary(t, ours(), 1<<10)
	for name, opt := range map[string]inprocchain.Option{
		"no server handler": inprocchain.WithServerStatsHandlers(),
		"no client handler": inprocchain.WithClientStatsHandlers(),
		"an empty chain":    inprocchain.NewChain(),
	} {
		if got := allocsOfUnary(t, ours(opt), 1<<10); got != empty {
			t.Errorf("with %s an RPC makes %v allocations, want %v as without", name, got, empty)
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
