package inprocchain_test

import (
	"runtime"
	"testing"

	"github.com/inprocchain/inprocchain"
)

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
