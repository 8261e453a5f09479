package inprocchain_test

import (
	"runtime"
	"testing"

	"google.golang.org/grpc"

	"github.com/inprocchain/inprocchain"
)

func TestMemoryOfAClosedClientIsFreed(t *testing.T) {
	t.Parallel()
	remote := newTextTarget(t, textService{})
	ch := newChannel(remote.option(nil), inprocchain.WithServerStatsHandlers(silent{}))
	freed := make(chan struct{})
	func() {
		client := ch.NewClient(
			inprocchain.WithClientStatsHandlers(silent{}),
			inprocchain.WithUnaryClientInterceptors(passClient),
		)
		runtime.AddCleanup(client, func(freed chan struct{}) { close(freed) }, freed)
		for _, cc := range []grpc.ClientConnInterface{client, client.ClientConn()} {
			if _, err := callText(t.Context(), cc, ""); err != nil {
				t.Error(err)
			}
			if err := calls["unary"](t.Context(), testClient(cc)); err != nil {
				t.Error(err)
			}
		}
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	}()
	for { // The goroutines of its ClientConn end when it has been closed.
		runtime.GC()
		select {
		case <-freed:
			runtime.KeepAlive(ch)
			return
		case <-t.Context().Done():
			t.Fatal("the client is still in memory")
		default:
			runtime.Gosched()
		}
	}
}

// It is not parallel, since it measures the memory of the process.
func TestClientTakesAFewKilobytesOnAnyNumberOfCores(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(128))
	const count, most = 1000, 4 << 10
	ch := textService{}.onChannel()
	clients := make([]*inprocchain.Client, count)
	before := heap()
	for i := range clients {
		clients[i] = ch.NewClient()
	}
	if got := (heap() - before) / count; got > most {
		t.Errorf("a client takes %d bytes, want at most %d", got, most)
	}
	runtime.KeepAlive(clients)
}

// heap returns the size of what is reachable.
func heap() uint64 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
