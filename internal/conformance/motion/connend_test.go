package motion_test

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/stats"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/testservice"
)

// onConnEnd returns a stats handler that calls f for the end of each connection.
func onConnEnd(f func()) stats.Handler {
	return testservice.Stats{OnConn: func(_ context.Context, event stats.ConnStats) {
		if _, ok := event.(*stats.ConnEnd); ok {
			f()
		}
	}}
}

// The stats handlers of a server run on its own goroutines, and do not hold a client that is closed.
// Shutdown waits for them.
func TestClientIsClosedWhileServerIsToldOfItsEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var told atomic.Bool
		release := make(chan struct{})
		ch := newChannel(t, inprocchain.NewChain(inprocchain.WithServerStatsHandlers(onConnEnd(func() {
			<-release
			told.Store(true)
		}))), service{}.register)
		client := ch.NewClient()
		if _, err := unary.call(t.Context(), client); err != nil {
			t.Fatal(err)
		}
		if err := client.Close(); err != nil {
			t.Error(err)
		}
		if told.Load() {
			t.Error("Close has waited for the server's stats handler")
		}
		ended, end := context.WithCancel(t.Context())
		end()
		const want = "inprocchain: Shutdown: context canceled; stats handlers have not returned from ConnEnd"
		if err := ch.Shutdown(ended); err == nil || err.Error() != want {
			t.Errorf("Shutdown returns %v, want %s", err, want)
		}
		shutDown := make(chan error, 1)
		go func() { shutDown <- ch.Shutdown(t.Context()) }()
		synctest.Wait()
		select {
		case <-shutDown:
			t.Error("Shutdown has not waited for the stats handler")
		default:
		}
		close(release)
		if err := <-shutDown; err != nil || !told.Load() {
			t.Errorf("Shutdown returns %v; the stats handler has returned: %t", err, told.Load())
		}
	})
}

// A server that is stopped does not wait for the stats handlers of its clients. A Channel, which closes
// its clients, does; docs/differences.md has a row.
func TestShutdownWaitsForClientsThatAreToldOfTheEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		ch := newChannel(t, inprocchain.NewChain(inprocchain.WithClientStatsHandlers(onConnEnd(func() { <-release }))), service{}.register)
		if _, err := unary.call(t.Context(), ch); err != nil {
			t.Fatal(err)
		}
		shutDown := make(chan error, 1)
		go func() { shutDown <- ch.Shutdown(t.Context()) }()
		synctest.Wait()
		select {
		case <-shutDown:
			t.Error("Shutdown has not waited")
		default:
		}
		close(release)
		if err := <-shutDown; err != nil {
			t.Error(err)
		}
	})
}

// A stats handler that ends its goroutine is told of the ends of the other connections, too.
func TestGoexitAtTheEndOfAConnectionHidesNoOther(t *testing.T) {
	t.Parallel()
	for name, option := range bothSides {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const clients = 3
			var ends atomic.Int64
			chain := inprocchain.NewChain(option(onConnEnd(func() {
				ends.Add(1)
				runtime.Goexit()
			})))
			ch := newChannel(t, chain, service{}.register)
			for range clients {
				if _, err := unary.call(t.Context(), ch.NewClient(chain)); err != nil {
					t.Error(err)
				}
			}
			if err := ch.Shutdown(t.Context()); err != nil {
				t.Error(err)
			}
			if got := ends.Load(); got != clients {
				t.Errorf("the stats handler was told of %d ends, want %d", got, clients)
			}
		})
	}
}

// A stats handler that ends its goroutine when a connection begins leaves no caller waiting.
func TestGoexitAtTheBeginningOfAConnectionHoldsNobody(t *testing.T) {
	t.Parallel()
	for side, option := range bothSides {
		for _, where := range []string{"TagConn", "ConnBegin"} {
			t.Run(side+"/"+where, func(t *testing.T) {
				t.Parallel()
				ch := newChannel(t, inprocchain.NewChain(option(connHandlerAt(where, runtime.Goexit))), service{}.register)
				if !returns(func() { _, _ = unary.call(context.Background(), ch) }) {
					t.Error("the caller waits for the connection")
				}
			})
		}
	}
}

// A client's stats handler that ends its goroutine when a connection begins does not hide the connection
// from the server's.
func TestGoexitOfAClientAtTheBeginningHidesNothingFromTheServer(t *testing.T) {
	t.Parallel()
	for _, where := range []string{"TagConn", "ConnBegin"} {
		t.Run(where, func(t *testing.T) {
			t.Parallel()
			events := make(chan string, 2)
			ch := newChannel(t, inprocchain.NewChain(
				inprocchain.WithClientStatsHandlers(connHandlerAt(where, runtime.Goexit)),
				inprocchain.WithServerStatsHandlers(testservice.Stats{OnConn: func(_ context.Context, event stats.ConnStats) {
					events <- fmt.Sprintf("%T", event)
				}}),
			), service{}.register)
			if _, err := unary.call(t.Context(), ch); err != nil {
				t.Error(err)
			}
			if err := ch.Shutdown(t.Context()); err != nil {
				t.Error(err)
			}
			if first, second := await(t, events, "event"), await(t, events, "event"); first != "*stats.ConnBegin" || second != "*stats.ConnEnd" {
				t.Errorf("the server's stats handler sees %s and %s", first, second)
			}
		})
	}
}

// A connContext is the context of a connection, of a type of its own.
type connContext struct {
	context.Context
	done chan struct{}
}

func (c connContext) Done() <-chan struct{} { return c.done }

func (connContext) Value(any) any { return nil }

// If the function that tells the peer panics, nothing of the RPC is left. A goroutine that waited for
// the end of the connection's context would keep the bubble from ending.
func TestPanicOfThePeersFunctionLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		chain := inprocchain.NewChain(
			inprocchain.WithServerStatsHandlers(testservice.Stats{OnTagConn: func(ctx context.Context, _ *stats.ConnTagInfo) context.Context {
				return connContext{ctx, make(chan struct{})}
			}}),
			inprocchain.WithPeer(func(context.Context) *peer.Peer { panic("peer") }),
		)
		ch := newChannel(t, chain, service{}.register)
		defer func() {
			if got := recover(); got != "peer" {
				t.Errorf("the RPC panics with %v", got)
			}
		}()
		_, _ = unary.call(t.Context(), ch)
	})
}
