package benchmarks_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"google.golang.org/grpc"
	pb "google.golang.org/grpc/interop/grpc_testing"
)

// BenchmarkCallers makes RPCs from n goroutines at the same time. The time of an
// operation is the time between two responses, whichever caller receives them.
//
// If all RPCs on a Channel wrote to the same memory, they would take longer than RPCs
// on separate Channels, which share nothing.
func BenchmarkCallers(b *testing.B) {
	for _, n := range []int{1, 2, 4, 8, 16, 32, 64} {
		var separate []grpc.ClientConnInterface
		for range n {
			separate = append(separate, newChannel())
		}
		sides := []callers{
			{"inprocchain", []grpc.ClientConnInterface{newChannel()}},
			{"separate", separate},
			{"clientconn", []grpc.ClientConnInterface{newChannel().ClientConn()}},
			{"inprocgrpc", []grpc.ClientConnInterface{bareChannel()}},
			{"floor", []grpc.ClientConnInterface{floor{}}},
		}
		runInTurn(b, fmt.Sprintf("n=%d", n), sides, func(b *testing.B, on callers) { on.call(b, n) })
	}
}

// callers are a side on which several callers make RPCs at the same time.
type callers struct {
	name  string
	conns []grpc.ClientConnInterface // either one for each caller, or one for all
}

func (c callers) String() string { return c.name }

// call makes b.N RPCs from n goroutines. Each one has a context of its own, because
// waiting for a context takes a lock of that context.
func (c callers) call(b *testing.B, n int) {
	req := request(1 << 10)
	b.ReportAllocs()
	var wg sync.WaitGroup
	for caller := range n {
		client := pb.NewBenchmarkServiceClient(c.conns[caller%len(c.conns)])
		calls := (b.N + caller) / n
		wg.Go(func() {
			ctx, cancel := context.WithCancel(b.Context())
			defer cancel()
			for range calls {
				if _, err := client.UnaryCall(ctx, req); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}
