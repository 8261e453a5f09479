//go:build !race

package details_test

import (
	"context"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/conformance/connect"
)

const (
	// stallLimit is the most memory that a stream whose receiver stalls holds in a direction,
	// apart from one message.
	stallLimit = 20 << 20
	// measureSlack is for what else the process allocates meanwhile.
	measureSlack = 3 << 20
)

// A stream whose receiver does not receive holds little memory, whatever its messages are, and
// its sender gets as far as over a network. The test is not parallel, since it measures the
// heap. The race detector is not used, because it takes eight times as long and sees nothing here
// that it does not see in shorter tests.
func TestStalledStreamHoldsLittle(t *testing.T) {
	for _, kind := range messageKinds() {
		for direction, sender := range map[string]func(grpc.ClientStream, grpc.ServerStream) func(any) error{
			"from the caller":  func(client grpc.ClientStream, _ grpc.ServerStream) func(any) error { return client.SendMsg },
			"from the handler": func(_ grpc.ClientStream, handler grpc.ServerStream) func(any) error { return handler.SendMsg },
		} {
			t.Run(kind.name+"/"+direction, func(t *testing.T) {
				network, inProcess := stall{kind.make, sender}, stall{kind.make, sender}
				sentOnNetwork, heldOnNetwork := network.onNetwork(t)
				var sent, held int
				synctest.Test(t, func(t *testing.T) { sent, held = inProcess.inProcess(t) })
				t.Logf("network: %d messages, %d KiB; in-process: %d messages, %d KiB", sentOnNetwork, heldOnNetwork>>10, sent, held>>10)
				if limit := stallLimit + kind.memory + measureSlack; held > limit {
					t.Errorf("the stream holds %d KiB, want at most %d", held>>10, limit>>10)
				}
				if sent < sentOnNetwork {
					t.Errorf("the sender blocked after %d messages, over a network after %d", sent, sentOnNetwork)
				}
			})
		}
	}
}

// A stall is a stream with a sender that sends until it blocks, since nobody receives.
type stall struct {
	make   func() proto.Message
	sender func(grpc.ClientStream, grpc.ServerStream) (send func(any) error)
}

func (s stall) onNetwork(t *testing.T) (sent, held int) {
	return s.run(t, func(r func(grpc.ServiceRegistrar)) grpc.ClientConnInterface {
		return connect.Network(t, inprocchain.Chain{}, r)
	}, waitWhileGrowing)
}

// inProcess must be called in a bubble.
func (s stall) inProcess(t *testing.T) (sent, held int) {
	return s.run(t, func(r func(grpc.ServiceRegistrar)) grpc.ClientConnInterface {
		return connect.InProcess(t, inprocchain.Chain{}, r)
	}, func(*atomic.Int64) { synctest.Wait() })
}

// run returns how many messages were sent when waitUntilBlocked returns, and how much the heap
// has grown.
func (s stall) run(t *testing.T, open func(func(grpc.ServiceRegistrar)) grpc.ClientConnInterface, waitUntilBlocked func(sent *atomic.Int64)) (int, int) {
	opened := make(chan grpc.ServerStream, 1)
	cc := open(service{stream: func(stream grpc.ServerStream) error {
		opened <- stream
		<-stream.Context().Done()
		return nil
	}}.register)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	client := openBidi(ctx, t, cc)
	send := s.sender(client, <-opened)

	before := liveHeap()
	var sent atomic.Int64
	done := make(chan struct{})
	go func() {
		defer close(done)
		for send(s.make()) == nil {
			sent.Add(1)
		}
	}()
	waitUntilBlocked(&sent)
	count, held := int(sent.Load()), liveHeap()-before
	if ctx.Err() != nil {
		t.Error("the sender did not block within a minute")
	}
	cancel()
	<-done
	return count, held
}

// waitWhileGrowing returns when nothing has been sent for some time. If it returns too early,
// because the machine is busy, the test asks for less.
func waitWhileGrowing(sent *atomic.Int64) {
	last, since := int64(-1), 0
	for range time.Tick(10 * time.Millisecond) {
		if now := sent.Load(); now != last {
			last, since = now, 0
		} else if since++; since == 15 {
			return
		}
	}
}

func liveHeap() int {
	var stats runtime.MemStats
	runtime.GC()
	runtime.GC() // The first one leaves what sync.Pools keep.
	runtime.ReadMemStats(&stats)
	return int(stats.HeapAlloc)
}
