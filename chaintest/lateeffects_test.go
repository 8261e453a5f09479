package chaintest

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/stats"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/testservice"
)

// A countingHandler is a stats handler that counts RPCs when they have ended, after a while.
type countingHandler struct {
	testservice.NoStats
	delay time.Duration
	count func()
}

func (h countingHandler) HandleRPC(_ context.Context, s stats.RPCStats) {
	if _, ok := s.(*stats.End); ok {
		time.Sleep(h.delay)
		h.count()
	}
}

// On a network, a server's stats handlers see the end of an RPC after the client does.
func TestWithSideEffectsWaitsForLateOnes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		option func(read func() int) Option
		delay  time.Duration
	}{
		{"number", func(read func() int) Option { return WithSideEffects(read) }, time.Second},
		{"unsigned number", func(read func() int) Option { return WithSideEffects(func() uint { return uint(read()) }) }, time.Second},
		{"float", func(read func() int) Option { return WithSideEffects(func() float64 { return float64(read()) }) }, time.Second},
		{"complex number", func(read func() int) Option {
			return WithSideEffects(func() complex128 { return complex(float64(read()), 0) })
		}, time.Second},
		{"slice", func(read func() int) Option {
			return WithSideEffects(func() []string { return slices.Repeat([]string{"RPC"}, read()) })
		}, time.Second},
		{"string", func(read func() int) Option {
			return WithSideEffects(func() string { return "RPC RPC "[:4*read()] })
		}, time.Second},
		{"map", func(read func() int) Option {
			return WithSideEffects(func() map[string]int { return map[string]int{"RPCs": read()} })
		}, time.Second},
		{"map of texts", func(read func() int) Option {
			return WithSideEffects(func() map[string]string {
				if read() == 0 {
					return nil
				}
				return map[string]string{"RPC": "ended"}
			})
		}, time.Second},
		{"interface", func(read func() int) Option {
			return WithSideEffects(func() any {
				if n := read(); n > 0 {
					return n
				}
				return nil
			})
		}, time.Second},
		{"struct, in a bubble", func(read func() int) Option {
			return WithSideEffects(func() struct{ rpcs int } { return struct{ rpcs int }{read()} })
		}, time.Microsecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var mu sync.Mutex
				rpcs := 0
				count := func() {
					mu.Lock()
					defer mu.Unlock()
					rpcs++
				}
				read := func() int {
					mu.Lock()
					defer mu.Unlock()
					n := rpcs
					rpcs = 0
					return n
				}
				late := inprocchain.WithServerStatsHandlers(countingHandler{delay: c.delay, count: count})
				inTime := inprocchain.WithServerStatsHandlers(countingHandler{count: count})
				CompareConns(t, openConn(t, network, late), openConn(t, inProcess, inTime), callBoth, c.option(read))
			})
		})
	}
}

// A test may have made RPCs on the network before it compares. Their effects may be late, too.
func TestWithSideEffectsWaitsForLateOnesOfEarlierRPCs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var rpcs atomic.Int64
		late := inprocchain.WithServerStatsHandlers(countingHandler{delay: 10 * time.Millisecond, count: func() { rpcs.Add(1) }})
		inTime := inprocchain.WithServerStatsHandlers(countingHandler{count: func() { rpcs.Add(1) }})
		onNetwork, inProcess := openConn(t, network, late), openConn(t, inProcess, inTime)
		read := func() int64 { return rpcs.Swap(0) }

		calls := func(ctx context.Context, cc grpc.ClientConnInterface) error {
			err := callUnary("message")(ctx, cc)
			time.Sleep(15 * time.Millisecond) // The effects come meanwhile.
			return err
		}
		if err := callUnary("message")(t.Context(), onNetwork); err != nil {
			t.Fatal(err)
		}
		CompareConns(t, onNetwork, inProcess, calls, WithSideEffects(read))
		CompareConns(t, onNetwork, inProcess, callUnary("message"))
		CompareConns(t, onNetwork, inProcess, calls, WithSideEffects(read))
	})
}

// A span processor may write effects when a span ends.
func TestWithSideEffectsIsCalledAfterSpansHaveEnded(t *testing.T) {
	t.Parallel()
	tt := newTraceTest()
	chain := inprocchain.NewChain(inprocchain.WithClientStatsHandlers(tt.client), inprocchain.WithServerStatsHandlers(tt.server))
	before := 0
	Compare(t, chain, register, callBoth, WithSpans(tt.spans), WithSideEffects(func() int {
		ended := len(tt.spans.Ended())
		added := ended - before
		before = ended
		if added != 0 && added != 4 {
			t.Errorf("%d spans have ended, want 4", added)
		}
		return added
	}))
}
