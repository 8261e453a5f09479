package rpc

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
)

// nothing is an RPC that cannot be canceled.
type nothing struct{}

func (nothing) Method() string { return "/service/Method" }
func (nothing) cancel(error)   {}

// BenchmarkInFlight compares the accounting of RPCs with one atomic counter that all
// RPCs share. Each operation is an RPC that enters and leaves.
func BenchmarkInFlight(b *testing.B) {
	for _, goroutines := range []int{1, 2, 8, 64} {
		b.Run(fmt.Sprintf("by=InFlight/goroutines=%d", goroutines), func(b *testing.B) {
			f := NewInFlight()
			ctx := context.Background()
			runOn(b, goroutines, func(next func() bool) {
				var e Entry // as part of an RPC, it costs no allocation of its own
				for next() {
					if err := f.Enter(ctx, &e, nothing{}); err != nil {
						b.Error(err)
						return
					}
					e.Leave()
				}
			})
		})
		b.Run(fmt.Sprintf("by=counter/goroutines=%d", goroutines), func(b *testing.B) {
			var count atomic.Int64
			runOn(b, goroutines, func(next func() bool) {
				for next() {
					count.Add(1)
					count.Add(-1)
				}
			})
		})
	}
}

// runOn runs work on a number of goroutines, whatever the number of cores, until all
// b.N operations are done.
func runOn(b *testing.B, goroutines int, work func(next func() bool)) {
	b.ReportAllocs()
	done := make(chan struct{})
	b.ResetTimer()
	for i := range goroutines {
		left := b.N / goroutines
		if i < b.N%goroutines {
			left++
		}
		go func() {
			work(func() bool { left--; return left >= 0 })
			done <- struct{}{}
		}()
	}
	for range goroutines {
		<-done
	}
}

// RPCs on different cores write to different shards, so there are several of them.
func TestInFlightHasMoreShardsThanCores(t *testing.T) {
	t.Parallel()
	if shards, cores := len(NewInFlight().shards), runtime.GOMAXPROCS(0); shards < 4*cores {
		t.Errorf("there are %d shards for %d cores, want four times as many", shards, cores)
	}
}

// Whatever shard an RPC is in, Drain refuses it, waits for it and names it.
func TestDrainKnowsEveryShard(t *testing.T) {
	t.Parallel()
	f := NewInFlight()
	const count = 1000
	entries := make([]Entry, count)
	for i := range entries {
		if err := f.Enter(t.Context(), &entries[i], nothing{}); err != nil {
			t.Fatal(err)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for left := count; left > 0; left-- {
		err := f.Drain(ended)
		if want := fmt.Sprintf("context canceled; in flight: /service/Method (%d)", left); !errors.Is(err, context.Canceled) || err.Error() != want {
			t.Fatalf("Drain returned %v, want %s", err, want)
		}
		if err := f.Enter(t.Context(), new(Entry), nothing{}); err != errShutDown {
			t.Fatalf("Enter while draining returned %v", err)
		}
		entries[left-1].Leave()
	}
	if err := f.Drain(ended); err != nil {
		t.Errorf("Drain of nothing returned %v", err)
	}
}

// oneShard returns an InFlight whose RPCs are all in one shard, and some of them.
func oneShard(t *testing.T, count int) (*InFlight, []Entry) {
	f := &InFlight{shards: make([]shard, 1)}
	entries := make([]Entry, count)
	for i := range entries {
		if err := f.Enter(t.Context(), &entries[i], nothing{}); err != nil {
			t.Fatal(err)
		}
	}
	return f, entries
}

// Those who wait for a shard learn when its last RPC leaves, and not before.
func TestDrainWaitsForTheLastRPCOfAShard(t *testing.T) {
	t.Parallel()
	f, entries := oneShard(t, 2)
	f.shards[0].drain(false)
	first, second := f.shards[0].waitIdle(), f.shards[0].waitIdle()
	entries[0].Leave()
	select {
	case <-first:
		t.Error("the shard is idle with an RPC in flight")
	default:
	}
	entries[1].Leave()
	<-first
	<-second
}

// A context that is kept refers to its RPC, and must not keep those that were in flight
// beside it.
func TestEntryThatHasLeftRefersToNoOther(t *testing.T) {
	t.Parallel()
	_, entries := oneShard(t, 3)
	entries[1].Leave()
	if e := &entries[1]; e.previous != nil || e.next != nil || e.rpc != nil {
		t.Errorf("an entry that has left refers to %v, %v and %v", e.previous, e.next, e.rpc)
	}
}

// Leaving twice must not take out another RPC.
func TestLeavingTwiceTakesOutNoOther(t *testing.T) {
	t.Parallel()
	f, entries := oneShard(t, 3)
	entries[1].Leave()
	entries[1].Leave()
	if got := f.names(); got != "/service/Method (2)" {
		t.Errorf("in flight: %s", got)
	}
}
