package inprocchain_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/status"
)

// Close, Shutdown and the Close of ClientConns run concurrently with RPCs and with
// each other. Every RPC either succeeds or is refused, and no handler outlives Close.
func TestCloseMayRunConcurrentlyWithEverything(t *testing.T) {
	t.Parallel()
	for range 20 {
		var running atomic.Int64
		ch := textService{
			unary: func(ctx context.Context, req string) (string, error) {
				running.Add(1)
				defer running.Add(-1)
				return req, nil
			},
			stream: func(ss grpc.ServerStream) error {
				running.Add(1)
				defer running.Add(-1)
				return echoTexts(ss)
			},
		}.onChannel()
		client := ch.NewClient()
		var goroutines sync.WaitGroup
		for _, cc := range []grpc.ClientConnInterface{ch, client, ch.ClientConn(), client.ClientConn()} {
			for kind, call := range textCalls {
				goroutines.Go(func() {
					for {
						_, err := call(t.Context(), cc, "hello")
						switch status.Code(err) {
						case codes.OK:
							continue
						case codes.Unavailable, codes.Canceled: // A closed ClientConn returns Canceled.
						default:
							t.Errorf("%s: %v, want OK, Unavailable or Canceled", kind, err)
						}
						return
					}
				})
			}
		}
		for range 2 {
			goroutines.Go(func() {
				if err := ch.Close(); err != nil {
					t.Error(err)
				}
				if n := running.Load(); n != 0 {
					t.Errorf("%d handlers are running after Close", n)
				}
			})
			goroutines.Go(func() {
				if err := ch.Shutdown(t.Context()); err != nil {
					t.Error(err)
				}
			})
			goroutines.Go(func() { _ = ch.ClientConn().Close() }) // The second call returns an error.
		}
		goroutines.Wait()
		if err := ch.Close(); err != nil {
			t.Errorf("Close, called again: %v", err)
		}
		for name, conn := range map[string]*grpc.ClientConn{"first": ch.ClientConn(), "second": client.ClientConn(), "last": ch.NewClient().ClientConn()} {
			if state := conn.GetState(); state != connectivity.Shutdown {
				t.Errorf("the %s ClientConn is %v after Close, want it closed", name, state)
			}
		}
	}
}
