package motion_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/testservice"
)

// The context that TagConn of a server's stats handler returns is the parent of the contexts of
// its handlers. Once it has ended, no handler is called any more. That of a client's stats
// handler is for its connection events only.
func TestContextFromTagConnEndsRPCsAsOnANetwork(t *testing.T) {
	t.Parallel()
	for side, option := range bothSides {
		for _, test := range []struct {
			name string
			tag  derive // entered is closed when the handler has been called.
		}{
			{"unchanged", unchanged},
			{"canceled later", cancelOnceEntered},
			{"with a deadline", withTimeout(short)},
			{"canceled", canceled},
			{"with a deadline that has passed", withTimeout(-1)},
		} {
			t.Run(side+", "+test.name, func(t *testing.T) {
				t.Parallel()
				var calls sync.WaitGroup
				for _, k := range kinds {
					calls.Go(func() {
						want, got := callTwice(t, "network", k, option, test.tag), callTwice(t, "Channel", k, option, test.tag)
						if got != want {
							t.Errorf("%s: %s; want as on the network: %s", k.name, got, want)
						}
					})
				}
				calls.Wait()
			})
		}
	}
}

// A server refuses a header that it cannot read before it looks at the context from TagConn.
func TestUnreadableHeaderIsRefusedFirst(t *testing.T) {
	t.Parallel()
	const malformed = "/x\ny"
	chain := inprocchain.NewChain(
		inprocchain.WithServerStatsHandlers(testservice.Stats{
			OnTagConn: func(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return canceled(ctx, nil) },
		}),
		inprocchain.WithClientStatsHandlers(testservice.Stats{
			OnTagRPC: func(ctx context.Context, info *stats.RPCTagInfo) context.Context {
				if info.FullMethodName == malformed {
					return ctx
				}
				return metadata.AppendToOutgoingContext(ctx, "key", "a\nb")
			},
		}),
	)
	for _, k := range kinds {
		var got [2]string
		for i, conn := range []string{"network", "Channel"} {
			_, err := k.call(t.Context(), connectTo(t, conn, chain, service{}))
			got[i] = fmt.Sprint(err)
		}
		if got[1] != got[0] {
			t.Errorf("%s: got %s, want %s as on the network", k.name, got[1], got[0])
		}
	}
	for _, conn := range []string{"network", "Channel"} {
		err := connectTo(t, conn, chain, service{}).Invoke(t.Context(), malformed, new(text), new(text))
		if status.Code(err) != codes.Internal {
			t.Errorf("%s, method with a line feed: got %v", conn, err)
		}
	}
}

// bothSides has the options for a stats handler.
var bothSides = map[string]func(...stats.Handler) inprocchain.Option{
	"client": inprocchain.WithClientStatsHandlers,
	"server": inprocchain.WithServerStatsHandlers,
}

// callTwice makes two RPCs and describes how they ended for both sides.
func callTwice(t *testing.T, conn string, k kind, option func(...stats.Handler) inprocchain.Option, tag derive) string {
	entered := make(chan struct{})
	enter := sync.OnceFunc(func() { close(entered) })
	handled := make(chan string, 1)
	s := handle(func(ctx context.Context) error {
		enter()
		select {
		case <-ctx.Done():
		case <-time.After(2 * short):
		}
		_, hasDeadline := ctx.Deadline()
		handled <- fmt.Sprintf("handler has a deadline: %v, error: %v", hasDeadline, ctx.Err())
		return ctx.Err()
	})
	chain := inprocchain.NewChain(option(testservice.Stats{OnTagConn: func(ctx context.Context, _ *stats.ConnTagInfo) context.Context {
		return tag(ctx, entered)
	}}))
	cc := connectTo(t, conn, chain, s)
	description := ""
	for range 2 {
		var err error
		if !returns(func() { _, err = k.call(t.Context(), cc) }) {
			return description + "the RPC does not end"
		}
		description += status.Code(err).String() + ", "
		select {
		case handler := <-handled:
			description += handler + "; "
		default: // The handler sends before the RPC can end.
			description += "no handler; "
		}
	}
	return description
}

// A stats handler that blocks while its connection begins holds no caller beyond its deadline,
// and later RPCs succeed.
func TestCallerDoesNotWaitForConnection(t *testing.T) {
	t.Parallel()
	for side, option := range bothSides {
		for _, where := range []string{"TagConn", "ConnBegin"} {
			t.Run(side+", "+where, func(t *testing.T) {
				t.Parallel()
				released := make(chan struct{})
				release := sync.OnceFunc(func() { close(released) })
				chain := inprocchain.NewChain(option(connHandlerAt(where, func() { <-released })))
				conns := connections(t, chain, service{}.register)
				t.Cleanup(release) // before Shutdown
				var calls sync.WaitGroup
				for _, k := range kinds {
					for _, conn := range conns {
						calls.Go(func() {
							ctx, cancel := context.WithTimeout(t.Context(), short)
							defer cancel()
							var got string
							if !returns(func() { got = describe(k.call(ctx, conn.Conn)) }) {
								t.Errorf("%s, %s: the caller waits beyond its deadline", conn.Name, k.name)
							} else if want := "0 messages and DeadlineExceeded"; got != want {
								t.Errorf("%s, %s: %s, want %s", conn.Name, k.name, got, want)
							}
						})
					}
				}
				calls.Wait()
				release()
				for _, k := range kinds {
					for _, conn := range conns {
						if err := callWithin(t, k, conn.Conn); err != nil {
							t.Errorf("%s, %s: after the connection has begun: %v", conn.Name, k.name, err)
						}
					}
				}
			})
		}
	}
}

// A handler's deadline is the earlier one of those of its caller and of the context from TagConn.
func TestHandlerHasTheEarlierDeadline(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ connection, caller time.Duration }{{time.Minute, time.Hour}, {time.Hour, time.Minute}} {
		for _, conn := range []string{"network", "Channel"} {
			synctest.Test(t, func(t *testing.T) {
				left := make(chan time.Duration, 1)
				chain := inprocchain.NewChain(inprocchain.WithServerStatsHandlers(testservice.Stats{
					OnTagConn: func(ctx context.Context, _ *stats.ConnTagInfo) context.Context {
						ctx, cancel := context.WithTimeout(ctx, test.connection)
						t.Cleanup(cancel)
						return ctx
					},
				}))
				cc := connectTo(t, conn, chain, handle(func(ctx context.Context) error {
					deadline, _ := ctx.Deadline()
					left <- time.Until(deadline)
					return nil
				}))
				ctx, cancel := context.WithTimeout(t.Context(), test.caller)
				defer cancel()
				if _, err := unary.call(ctx, cc); err != nil {
					t.Fatal(err)
				}
				if got, want := <-left, min(test.connection, test.caller); got != want {
					t.Errorf("%s: the deadline is in %v, want %v", conn, got, want)
				}
			})
		}
	}
}

// An RPC that its caller cancels while its connection begins reaches no handler.
func TestCanceledRPCReachesNoHandlerWhileConnectionBegins(t *testing.T) {
	t.Parallel()
	for side, option := range bothSides {
		for _, k := range kinds {
			for _, conn := range []string{"network", "Channel"} {
				synctest.Test(t, func(t *testing.T) {
					released, called := make(chan struct{}), false
					defer close(released)
					chain := inprocchain.NewChain(option(connHandlerAt("TagConn", func() { <-released })))
					cc := connectTo(t, conn, chain, handle(func(context.Context) error { called = true; return nil }))
					ctx, cancel := context.WithCancel(t.Context())
					ended := make(chan error, 1)
					go func() { _, err := k.call(ctx, cc); ended <- err }()
					synctest.Wait()
					cancel()
					err := <-ended
					synctest.Wait()
					if called || status.Code(err) != codes.Canceled {
						t.Errorf("%s, %s, %s: the handler was called: %t, and the caller got %v", conn, side, k.name, called, err)
					}
				})
			}
		}
	}
}

// An RPC that a stats handler makes while its connection begins waits for that until its
// deadline. Then the connection begins, and other RPCs succeed.
func TestRPCWhileConnectionBegins(t *testing.T) {
	t.Parallel()
	for side, option := range bothSides {
		for _, where := range []string{"TagConn", "ConnBegin"} {
			t.Run(side+", "+where, func(t *testing.T) {
				t.Parallel()
				whileBegins := func(f func()) inprocchain.Option { return option(connHandlerAt(where, f)) }
				var calls sync.WaitGroup
				for _, k := range kinds {
					calls.Go(func() {
						want, got := callInside(t, "network", k, whileBegins), callInside(t, "Channel", k, whileBegins)
						if got != want {
							t.Errorf("%s: %s; want as on the network: %s", k.name, got, want)
						}
					})
				}
				calls.Wait()
			})
		}
	}
}

// callInside makes an RPC while a stats handler makes another one. It describes both results.
func callInside(t *testing.T, name string, k kind, whileBegins func(func()) inprocchain.Option) string {
	made := make(chan func() string, 1)
	inside := make(chan string, 1)
	chain := inprocchain.NewChain(whileBegins(func() { inside <- (<-made)() }))
	cc := connectTo(t, name, chain, service{})
	made <- func() string {
		ctx, cancel := context.WithTimeout(t.Context(), short)
		defer cancel()
		return describe(k.call(ctx, cc))
	}
	var outer string
	if !returns(func() { outer = fmt.Sprint(callWithin(t, k, cc)) }) {
		return "both RPCs hang"
	}
	select {
	case inner := <-inside:
		return fmt.Sprintf("the RPC inside ends with %s, the other with %s", inner, outer)
	case <-time.After(limit):
		return "the RPC inside hangs, the other ends with " + outer
	}
}

// connHandlerAt returns a stats handler that calls f there.
func connHandlerAt(where string, f func()) stats.Handler {
	if where == "ConnBegin" {
		return testservice.Stats{OnConn: func(_ context.Context, event stats.ConnStats) {
			if _, ok := event.(*stats.ConnBegin); ok {
				f()
			}
		}}
	}
	return testservice.Stats{OnTagConn: func(ctx context.Context, _ *stats.ConnTagInfo) context.Context { f(); return ctx }}
}
