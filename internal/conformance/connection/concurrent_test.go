package connection_test

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/testservice"
)

// In the tests of this file, two goroutines meet after they have slept in a bubble. The time of a
// bubble gives them their order, which the race detector does not know, so it reports what no lock
// guards.

// A handler that does not look at its context has the results of a network when it acts after its
// caller has canceled.
func TestHandlerMayIgnoreTheEndOfItsContext(t *testing.T) {
	t.Parallel()
	for name, action := range lateActions {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			compare(t, nil, func(t *testing.T, over transport) *journal {
				j := new(journal)
				handle := func(ctx context.Context, ss grpc.ServerStream) error {
					time.Sleep(time.Second) // until the caller has canceled
					err := action(ctx, ss)
					j.add("handler", "%v", err)
					return nil
				}
				cc := over.open(t, inprocchain.Chain{}, streamService{
					unary:  func(ctx context.Context) error { return handle(ctx, nil) },
					stream: func(ss grpc.ServerStream) error { return handle(ss.Context(), ss) },
				}.register)
				for _, isUnary := range []bool{false, true} {
					if isUnary && strings.Contains(name, "Msg") {
						continue
					}
					ctx, cancel := context.WithCancel(t.Context())
					go lateRPC{isUnary: isUnary}.call(ctx, cc, j)
					synctest.Wait()
					cancel()
					time.Sleep(time.Minute) // until the handler has returned
				}
				return j
			})
		})
	}
}

// Callers that come while their connection begins wait for it.
func TestConnectionBeginsOnceForCallersThatComeMeanwhile(t *testing.T) {
	t.Parallel()
	for side, option := range map[string]func(...stats.Handler) inprocchain.Option{
		"client": inprocchain.WithClientStatsHandlers, "server": inprocchain.WithServerStatsHandlers,
	} {
		compare(t, nil, func(t *testing.T, over transport) *journal {
			var begun atomic.Int64
			cc := over.open(t, inprocchain.NewChain(option(testservice.Stats{OnTagConn: func(ctx context.Context, _ *stats.ConnTagInfo) context.Context {
				begun.Add(1)
				time.Sleep(10 * time.Second)
				return ctx
			}})), service{}.register)
			j := new(journal)
			var callers sync.WaitGroup
			for i := range 3 {
				callers.Go(func() {
					time.Sleep(time.Duration(i) * time.Second)
					_, err := callUnary(t.Context(), cc)
					j.add(side, "%v", status.Code(err))
				})
			}
			callers.Wait()
			j.add(side, "%d connections", begun.Load())
			return j
		})
	}
}

// The connections of several clients may begin at once. The server is told the end of each.
func TestServerIsToldTheEndsOfConnectionsThatBeginAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var ended atomic.Int64
		ch := inprocchain.New(inprocchain.WithServerStatsHandlers(testservice.Stats{
			OnTagConn: func(ctx context.Context, _ *stats.ConnTagInfo) context.Context {
				time.Sleep(time.Minute)
				return ctx
			},
			OnConn: func(_ context.Context, event stats.ConnStats) {
				if _, isEnd := event.(*stats.ConnEnd); isEnd {
					ended.Add(1)
				}
			},
		}))
		service{}.register(ch)
		clients := []grpc.ClientConnInterface{ch, ch.NewClient(), ch.NewClient()}
		var callers sync.WaitGroup
		for i, cc := range clients {
			callers.Go(func() {
				time.Sleep(time.Duration(i) * time.Second)
				if _, err := callUnary(t.Context(), cc); err != nil {
					t.Error(err)
				}
			})
		}
		callers.Wait()
		shutDown(t, ch)
		if int(ended.Load()) != len(clients) {
			t.Errorf("the server was told the ends of %d connections, want %d", ended.Load(), len(clients))
		}
	})
}
