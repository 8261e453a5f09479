package motion_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"

	"google.golang.org/grpc"

	"github.com/inprocchain/inprocchain"
)

// A client's stats handler may take a lock that the handler holds while it sends.
func TestClientStatsHandlerMayWaitForHandler(t *testing.T) {
	t.Parallel()
	for _, event := range []string{"InHeader", "InPayload", "InTrailer", "End"} {
		t.Run(event, func(t *testing.T) {
			t.Parallel()
			var mu sync.Mutex
			s := service{
				unary: func(ctx context.Context) error {
					mu.Lock()
					defer mu.Unlock()
					return grpc.SendHeader(ctx, lateMD)
				},
				stream: func(ss grpc.ServerStream) error {
					if err := ss.RecvMsg(new(text)); err != nil {
						return err
					}
					mu.Lock()
					defer mu.Unlock()
					return errors.Join(ss.SendHeader(lateMD), ss.SendMsg(new(text)))
				},
			}
			checkNoDeadlock(t, inprocchain.NewChain(inprocchain.WithClientStatsHandlers(at(event, func() {
				mu.Lock()
				defer mu.Unlock()
			}))), s)
		})
	}
}

// It may also take one that a server's stats handler holds from the beginning to the end of
// the RPC.
func TestClientStatsHandlerMayWaitForServerStatsHandler(t *testing.T) {
	t.Parallel()
	for _, event := range []string{"InHeader", "InPayload", "InTrailer"} {
		t.Run(event, func(t *testing.T) {
			t.Parallel()
			var mu sync.Mutex
			checkNoDeadlock(t, inprocchain.NewChain(
				inprocchain.WithServerStatsHandlers(at("Begin", mu.Lock), at("End", mu.Unlock)),
				inprocchain.WithClientStatsHandlers(at(event, func() {
					mu.Lock()
					defer mu.Unlock()
				})),
			), service{})
		})
	}
}

// A server's stats handler may wait in End until the client's has seen the trailer.
func TestServerStatsHandlerMayWaitForClientStatsHandler(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		told := make(chan struct{})
		checkNoDeadlock(t, inprocchain.NewChain(
			inprocchain.WithServerStatsHandlers(
				at("OutPayload", synctest.Wait), // until the caller waits for the end
				at("End", func() { <-told }),
			),
			inprocchain.WithClientStatsHandlers(at("InTrailer", func() { told <- struct{}{} })),
		), service{})
	})
}

// checkNoDeadlock makes RPCs of each kind.
func checkNoDeadlock(t *testing.T, chain inprocchain.Chain, s service) {
	for _, conn := range connections(t, chain, s.register) {
		for _, k := range kinds {
			if !returns(func() {
				if _, err := k.call(t.Context(), conn.Conn); err != nil {
					t.Errorf("%s, %s: %v", conn.Name, k.name, err)
				}
			}) {
				t.Fatalf("%s: a %s RPC hangs", conn.Name, k.name)
			}
		}
	}
}
