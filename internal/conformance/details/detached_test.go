//go:build !race

package details_test

import (
	"context"
	"runtime"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/conformance/connect"
)

// An RPC that is made with a detached context of a handler, as a job that starts the next one
// does, must not keep the RPC of that handler once that has ended. The test is not parallel,
// since it measures the heap. The race detector is not used, because it takes several times as
// long and sees nothing here that it does not see in shorter tests.
func TestChainOfDetachedContextsKeepsNoPredecessor(t *testing.T) {
	// Over a network, the heap grows by some buffers, and by nothing for each RPC.
	const onNetwork, inProcess, buffers = 2_000, 10_000, 1 << 20
	for stats, opts := range map[string][]inprocchain.Option{
		"without stats handlers": nil,
		"with stats handlers":    {inprocchain.WithServerStatsHandlers(taggingStats), inprocchain.WithClientStatsHandlers(taggingStats)},
	} {
		for kind, call := range map[string]func(context.Context, grpc.ClientConnInterface) error{"unary": callUnary, "stream": callStream} {
			for order, overlaps := range map[string]bool{"after each other": false, "while the handler before runs": true} {
				t.Run(stats+"/"+kind+"/"+order, func(t *testing.T) {
					chain := &detachedChain{call: call, overlaps: overlaps, handlers: make(chan detachedHandler)}
					grown := map[string]int{}
					for _, c := range connect.All(t, inprocchain.NewChain(opts...), chain.service().register) {
						rpcs := onNetwork
						if c.InProcess {
							rpcs = inProcess
						}
						grown[c.Name] = chain.run(t, c.Conn, rpcs)
					}
					t.Logf("the heap has grown: %v", grown)
					for name, bytes := range grown {
						if bytes > max(grown["network"], buffers)+buffers/2 {
							t.Errorf("%s: the heap has grown by %d KiB, on a network by %d", name, bytes>>10, grown["network"]>>10)
						}
					}
				})
			}
		}
	}
}

// A detachedChain makes RPCs, each with a detached context of the handler before.
type detachedChain struct {
	call     func(context.Context, grpc.ClientConnInterface) error
	overlaps bool // A handler returns when the next one has begun.
	handlers chan detachedHandler
}

type detachedHandler struct {
	ctx    context.Context
	finish func() // has the handler return
}

// run returns by how much the heap has grown while the last context is kept.
func (c *detachedChain) run(t *testing.T, cc grpc.ClientConnInterface, rpcs int) int {
	var calls sync.WaitGroup
	before := liveHeap()
	last := detachedHandler{t.Context(), func() {}}
	for range rpcs {
		ctx := last.ctx
		calls.Go(func() {
			if err := c.call(ctx, cc); err != nil {
				t.Error(err)
			}
		})
		select {
		case next := <-c.handlers:
			last.finish()
			last = next
		case <-time.After(time.Minute):
			t.Fatal("no handler has begun within a minute")
		}
		if !c.overlaps {
			last.finish()
			last.finish = func() {}
			calls.Wait()
		}
	}
	last.finish()
	calls.Wait()
	grown := liveHeap() - before
	runtime.KeepAlive(last)
	return grown
}

func (c *detachedChain) service() service {
	serve := func(ctx context.Context) {
		finished := make(chan struct{})
		c.handlers <- detachedHandler{context.WithoutCancel(ctx), func() { close(finished) }}
		<-finished
	}
	return service{
		unary: func(ctx context.Context, req any) (any, error) {
			serve(ctx)
			return req, nil
		},
		stream: func(stream grpc.ServerStream) error {
			serve(stream.Context())
			return nil
		},
	}
}
