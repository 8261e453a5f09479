package inprocchain_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
)

func TestShutdownNamesTheMethodsInFlight(t *testing.T) {
	t.Parallel()
	g := newGate()
	ch := g.service().onChannel()
	for _, call := range []func(context.Context, grpc.ClientConnInterface, string, ...grpc.CallOption) (string, error){callText, streamText, streamText} {
		go func() { _, _ = call(context.Background(), ch, "") }()
		<-g.entered
	}
	for cause, end := range map[error]func(context.Context) (context.Context, context.CancelFunc){
		context.Canceled: func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			cancel()
			return ctx, cancel
		},
		context.DeadlineExceeded: func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, 0)
		},
	} {
		ctx, cancel := end(t.Context())
		err := ch.Shutdown(ctx)
		cancel()
		if !errors.Is(err, cause) {
			t.Errorf("Shutdown returned %v, which does not wrap %v", err, cause)
		}
		want := "inprocchain: Shutdown: " + cause.Error() + "; in flight: /test.Text/Stream (2), /test.Text/Unary (1)"
		if err == nil || err.Error() != want {
			t.Errorf("Shutdown returned %v, want %s", err, want)
		}
	}
	close(g.open)
	if err := ch.Shutdown(t.Context()); err != nil {
		t.Error(err)
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
				if _, err := call(context.WithoutCancel(handler), ch, "late"); status.Code(err) != codes.Unavailable {
					t.Errorf("an RPC with the context of a handler that has returned: %v, want Unavailable", err)
				}
			})
		}
	}
}

func TestCloseCancelsRPCsInFlight(t *testing.T) {
	t.Parallel()
	for kind, call := range textCalls {
		for _, client := range []string{"Channel", "InProcess", "ClientConn", "NewClient"} {
			for name, shutdownFirst := range map[string]bool{"alone": false, "after a Shutdown that has failed": true} {
				t.Run(kind+" on "+client+", "+name, func(t *testing.T) {
					t.Parallel()
					g := newGate()
					ch := g.service().onChannel()
					cc := map[string]grpc.ClientConnInterface{"Channel": ch, "InProcess": ch.InProcess(), "ClientConn": ch.ClientConn(), "NewClient": ch.NewClient()}[client]
					result := make(chan error, 1)
					go func() { _, err := call(t.Context(), cc, ""); result <- err }()
					<-g.entered
					if shutdownFirst {
						ended, cancel := context.WithCancel(t.Context())
						cancel()
						if err := ch.Shutdown(ended); !errors.Is(err, context.Canceled) {
							t.Errorf("Shutdown returned %v", err)
						}
					}
					if err := ch.Close(); err != nil {
						t.Error(err)
					}
					select {
					case err := <-g.ended:
						if err != context.Canceled {
							t.Errorf("the handler's context ended with %v, want Canceled", err)
						}
					default:
						t.Error("Close returned before the handler")
					}
					if err := <-result; status.Code(err) != codes.Unavailable {
						t.Errorf("the caller got %v, want Unavailable", err)
					}
					if _, err := call(t.Context(), cc, ""); status.Code(err) != codes.Unavailable {
						t.Errorf("an RPC after Close: %v, want Unavailable", err)
					}
				})
			}
		}
	}
}

// Close ends everything, so it also refuses what a handler begins with its own values and
// without its cancellation.
func TestCloseRefusesTheRPCsOfHandlersInFlight(t *testing.T) {
	t.Parallel()
	for kind, call := range textCalls {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			entered, nested := make(chan struct{}), make(chan error, 1)
			var ch *inprocchain.Channel
			ch = textService{unary: func(ctx context.Context, req string) (string, error) {
				if req != "outer" {
					return req, nil
				}
				close(entered)
				<-ctx.Done()
				_, err := call(context.WithoutCancel(ctx), ch, "inner")
				nested <- err
				return req, nil
			}}.onChannel()
			go func() { _, _ = callText(t.Context(), ch, "outer") }()
			<-entered
			if err := ch.Close(); err != nil {
				t.Error(err)
			}
			if err := <-nested; status.Code(err) != codes.Unavailable {
				t.Errorf("an RPC of a handler that Close waits for: %v, want Unavailable", err)
			}
		})
	}
}

// A closing stats handler closes its Channel when a client's header has been sent.
type closing struct {
	silent
	ch *inprocchain.Channel
}

func (c *closing) HandleRPC(_ context.Context, event stats.RPCStats) {
	if _, isHeader := event.(*stats.OutHeader); isHeader {
		_ = c.ch.Close()
	}
}

// A unary handler starts after its request was sent. If the Channel was closed before, it
// never does, and Close does not wait for it.
func TestCloseKeepsAHandlerFromStarting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		handler := new(closing)
		handler.ch = textService{unary: func(_ context.Context, req string) (string, error) {
			t.Error("the handler was called after Close")
			return req, nil
		}}.onChannel(inprocchain.WithClientStatsHandlers(handler))
		if _, err := callText(t.Context(), handler.ch, ""); status.Code(err) != codes.Unavailable {
			t.Errorf("the caller got %v, want Unavailable", err)
		}
		synctest.Wait() // A handler that starts all the same has run then.
	})
}

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
