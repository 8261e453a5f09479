package inprocchain_test

import (
	"context"
	"runtime"
	"sync"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

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
	awaitFreed(t, freed) // The goroutines of its ClientConn end when it has been closed.
	runtime.KeepAlive(ch)
}

// awaitFreed waits until the garbage collector has found that a client is not used any more.
func awaitFreed(t *testing.T, freed <-chan struct{}) {
	for {
		runtime.GC()
		select {
		case <-freed:
			return
		case <-t.Context().Done():
			t.Fatal("the client is still in memory")
		default:
			runtime.Gosched()
		}
	}
}

// A closingContext closes a client when an RPC asks how the context ends, which is before its connection
// begins.
type closingContext struct {
	context.Context
	close func()
}

func (c closingContext) Done() <-chan struct{} {
	c.close()
	return c.Context.Done()
}

// A client that is closed while its first RPC begins has no connection that Shutdown would end.
func TestMemoryOfAClientThatIsClosedEarlyIsFreed(t *testing.T) {
	t.Parallel()
	ch := textService{}.onChannel()
	freed := make(chan struct{})
	func() {
		handler := new(connRecorder)
		runtime.AddCleanup(handler, func(freed chan struct{}) { close(freed) }, freed)
		client := ch.NewClient(inprocchain.WithClientStatsHandlers(handler))
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		if _, err := testClient(client).BidiStream(closingContext{ctx, sync.OnceFunc(func() { _ = client.Close() })}); status.Code(err) != codes.Canceled {
			t.Errorf("the RPC on a closed client: %v, want Canceled", err)
		}
		if got := handler.events.get(); got != nil {
			t.Errorf("the stats handler recorded %q", got)
		}
	}()
	awaitFreed(t, freed)
	runtime.KeepAlive(ch)
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
