package motion_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/testservice"
)

// TagRPC of a client's stats handler may return a context that ends earlier than that of the
// caller, or one that does not end with it. On a network, the second keeps a unary RPC from being
// canceled, but not a stream. A Channel treats both alike.
func TestContextFromTagRPCEndsRPCAsOnANetwork(t *testing.T) {
	t.Parallel()
	for _, test := range []tagTest{
		{name: "detached, and the caller cancels", tag: detach, end: cancelOnceEntered, outlives: true},
		{name: "detached, and the caller's deadline passes", tag: detach, end: withTimeout(short), outlives: true},
		{name: "with a deadline that has passed", tag: withTimeout(-1), end: unchanged, hasEnded: true},
		{name: "canceled", tag: canceled, end: unchanged, hasEnded: true},
		{name: "detached and canceled", tag: both(detach, canceled), end: unchanged, hasEnded: true},
		{name: "canceled later", tag: cancelOnceEntered, end: unchanged},
		{name: "detached and canceled later", tag: both(detach, cancelOnceEntered), end: unchanged},
		{name: "with a deadline", tag: withTimeout(short), end: unchanged},
		{name: "with an earlier deadline", tag: withTimeout(short), end: withTimeout(time.Hour)},
		{name: "detached, with a deadline", tag: both(detach, withTimeout(short)), end: unchanged},
		{name: "detached, with an earlier deadline", tag: both(detach, withTimeout(short)), end: withTimeout(time.Hour)},
		{name: "detached, with a later deadline", tag: both(detach, withTimeout(time.Hour)), end: withTimeout(short), outlives: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var calls sync.WaitGroup
			for _, k := range kinds {
				calls.Go(func() {
					want, got := callTagged(t, "network", k, test), callTagged(t, "Channel", k, test)
					if k.desc == nil && test.outlives {
						onNetwork := want
						want = callTagged(t, "network", bidi, test)
						if onNetwork == want {
							t.Errorf("on the network a unary RPC ends like a stream: %s", want)
						}
					}
					if got != want {
						t.Errorf("%s: %s; want %s as on the network", k.name, got, want)
					}
				})
			}
			calls.Wait()
		})
	}
}

// callTagged makes an RPC and describes how it ended for both sides.
func callTagged(t *testing.T, conn string, k kind, test tagTest) string {
	entered, handled := make(chan struct{}), make(chan string, 1)
	s := handle(func(ctx context.Context) error {
		close(entered)
		select {
		case <-ctx.Done():
		case <-time.After(3 * short): // a unary RPC with a detached context
		}
		_, hasDeadline := ctx.Deadline()
		handled <- fmt.Sprintf("has a deadline: %v, has ended: %v", hasDeadline, ctx.Err() != nil)
		return ctx.Err()
	})
	tag := testservice.Stats{OnTagRPC: func(ctx context.Context, info *stats.RPCTagInfo) context.Context {
		if info.FullMethodName != k.method {
			return ctx
		}
		return test.tag(ctx, entered)
	}}
	cc := connectTo(t, conn, inprocchain.NewChain(inprocchain.WithClientStatsHandlers(tag)), s)
	_, _ = unknown.call(t.Context(), cc) // makes the connection
	var err error
	if !returns(func() { _, err = k.call(test.end(t.Context(), entered), cc) }) {
		return "the RPC does not end"
	}
	if test.hasEnded { // A network may call the handler or not.
		return status.Code(err).String()
	}
	select {
	case handler := <-handled:
		return fmt.Sprintf("%v, and the context of the handler %s", status.Code(err), handler)
	case <-time.After(limit):
		return fmt.Sprintf("%v, and no handler was called", status.Code(err))
	}
}

// A tagTest has what TagRPC makes of the context of an RPC, and how the caller made that.
type tagTest struct {
	name     string
	tag, end derive
	hasEnded bool // TagRPC returns a context that has ended.
	outlives bool // TagRPC returns a context that ends after that of the caller.
}

const short = 500 * time.Millisecond

// These return contexts that derive from another one. entered is closed when the handler has
// been called.

type derive = func(ctx context.Context, entered <-chan struct{}) context.Context

func unchanged(ctx context.Context, _ <-chan struct{}) context.Context { return ctx }

func detach(ctx context.Context, _ <-chan struct{}) context.Context {
	return context.WithoutCancel(ctx)
}

func canceled(ctx context.Context, _ <-chan struct{}) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	return ctx
}

func cancelOnceEntered(ctx context.Context, entered <-chan struct{}) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		<-entered
		cancel()
	}()
	return ctx
}

func withTimeout(d time.Duration) derive {
	return func(ctx context.Context, _ <-chan struct{}) context.Context {
		ctx, cancel := context.WithTimeout(ctx, d)
		context.AfterFunc(ctx, cancel)
		return ctx
	}
}

func both(first, second derive) derive {
	return func(ctx context.Context, entered <-chan struct{}) context.Context {
		return second(first(ctx, entered), entered)
	}
}
