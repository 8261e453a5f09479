package inprocchain_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/testservice"
)

func TestShutdownOfAnIdleChannelIgnoresAnEndedContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 100 {
		if err := inprocchain.New().Shutdown(ctx); err != nil {
			t.Fatal(err)
		}
	}
}

// A handler that is in flight may make RPCs on the same services, with its own
// context, until it returns.
func TestShutdownAcceptsTheRPCsOfHandlersInFlight(t *testing.T) {
	t.Parallel()
	for kind, call := range textCalls {
		for _, client := range []string{"Channel", "ClientConn", "NewClient"} {
			t.Run(kind+" on "+client, func(t *testing.T) {
				t.Parallel()
				entered, draining := make(chan context.Context, 1), make(chan struct{})
				var cc grpc.ClientConnInterface
				ch := textService{unary: func(ctx context.Context, req string) (string, error) {
					switch req {
					case "outer":
						entered <- ctx
						<-draining
						return call(ctx, cc, "inner")
					case "inner": // This RPC is made while draining, and its handler makes another one.
						return callText(ctx, cc, "innermost")
					}
					return req, nil
				}}.onChannel()
				cc = map[string]grpc.ClientConnInterface{"Channel": ch, "ClientConn": ch.ClientConn(), "NewClient": ch.NewClient()}[client]
				want := map[string]string{"unary": "innermost", "stream": "inner"}[kind]

				type outcome struct {
					text string
					err  error
				}
				result := make(chan outcome, 1)
				go func() { text, err := callText(t.Context(), ch, "outer"); result <- outcome{text, err} }()
				handler := <-entered

				ended, cancel := context.WithCancel(t.Context())
				cancel()
				if err := ch.Shutdown(ended); !errors.Is(err, context.Canceled) {
					t.Errorf("Shutdown returned %v, want the error of its context", err)
				}
				if _, err := call(t.Context(), cc, "new"); status.Code(err) != codes.Unavailable {
					t.Errorf("an RPC that no handler has made: %v, want Unavailable", err)
				}
				close(draining)
				if err := ch.Shutdown(t.Context()); err != nil {
					t.Error(err)
				}
				if got := <-result; got.text != want || got.err != nil {
					t.Errorf("the handler got %q, %v from its own RPC, want %q", got.text, got.err, want)
				}
				unused := grpc.PerRPCCredentials(unusedCredentials{t})
				for _, opts := range [][]grpc.CallOption{nil, {unused}} {
					if _, err := call(context.WithoutCancel(handler), ch, "late", opts...); status.Code(err) != codes.Unavailable {
						t.Errorf("an RPC with the context of a handler that has returned: %v, want Unavailable", err)
					}
				}
			})
		}
	}
}

// unusedCredentials belong to an RPC that is refused before its credentials are asked.
type unusedCredentials struct{ t *testing.T }

func (c unusedCredentials) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	c.t.Error("the credentials of an RPC that is refused were asked")
	return nil, nil
}

func (unusedCredentials) RequireTransportSecurity() bool { return false }

// Only what a Channel waits for may add to what it waits for.
func TestShutdownRefusesTheRPCsOfHandlersOfAnotherChannel(t *testing.T) {
	t.Parallel()
	for kind, call := range textCalls {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			other := textService{}.onChannel()
			if err := other.Shutdown(t.Context()); err != nil {
				t.Fatal(err)
			}
			ch := textService{unary: func(ctx context.Context, req string) (string, error) {
				return call(ctx, other, req)
			}}.onChannel()
			if _, err := callText(t.Context(), ch, ""); status.Code(err) != codes.Unavailable {
				t.Errorf("an RPC on a Channel that is shut down, of a handler of another one: %v, want Unavailable", err)
			}
		})
	}
}

// Shutdown does not wait for refused RPCs, however many there are. In this test, callers
// retry without a pause while the last handler returns.
func TestShutdownReturnsWhileCallersRetry(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		callers int
		call    func(context.Context, grpc.ClientConnInterface, string, ...grpc.CallOption) (string, error)
		opts    []inprocchain.Option
	}{
		{"8 callers", 8, callText, nil},
		{"64 callers with stats handlers", 64, callText, []inprocchain.Option{inprocchain.WithServerStatsHandlers(silent{}), inprocchain.WithClientStatsHandlers(silent{})}},
		{"64 streaming callers", 64, streamText, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			g := newGate()
			ch := g.service().onChannel(test.opts...)
			inFlight := make(chan error, 1)
			go func() { _, err := test.call(t.Context(), ch, ""); inFlight <- err }()
			<-g.entered
			ended, cancel := context.WithCancel(t.Context())
			cancel()
			if err := ch.Shutdown(ended); !errors.Is(err, context.Canceled) {
				t.Fatalf("Shutdown returned %v", err)
			}

			firstRefused := make(chan struct{}, test.callers)
			stop := make(chan struct{})
			var callers sync.WaitGroup
			for range test.callers {
				callers.Go(func() {
					for first := true; ; first = false {
						if _, err := test.call(t.Context(), ch, ""); status.Code(err) != codes.Unavailable {
							t.Errorf("an RPC while draining: %v, want Unavailable", err)
							first = true
						}
						if first {
							firstRefused <- struct{}{}
						}
						select {
						case <-stop:
							return
						default:
						}
					}
				})
			}
			for range test.callers {
				<-firstRefused
			}
			close(g.open)
			if err := ch.Shutdown(t.Context()); err != nil {
				t.Error(err)
			}
			close(stop)
			callers.Wait()
			if err := <-inFlight; err != nil {
				t.Errorf("the RPC in flight: %v", err)
			}
		})
	}
}

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
				return testservice.Service{}.Echo(ss)
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
