package motion_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/stats"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/testservice"
)

// While a Channel is shut down, it completes the RPCs that its handlers make with their own contexts,
// also if stats handlers have replaced these contexts, and if the RPC takes a way through another Channel.
func TestRPCsOfHandlersAreServedWhateverTheirContexts(t *testing.T) {
	t.Parallel()
	replaced := testservice.Stats{OnTagRPC: func(context.Context, *stats.RPCTagInfo) context.Context {
		return context.Background()
	}}
	for name, options := range map[string]struct {
		first, second inprocchain.Chain
		isDirect      bool // The handler calls its own Channel, and not by way of the second one.
	}{
		"as they are":                       {},
		"as they are, in one Channel":       {isDirect: true},
		"replaced by the second client":     {second: inprocchain.NewChain(inprocchain.WithClientStatsHandlers(replaced))},
		"replaced by the second server":     {second: inprocchain.NewChain(inprocchain.WithServerStatsHandlers(replaced))},
		"replaced by the only server":       {first: inprocchain.NewChain(inprocchain.WithServerStatsHandlers(replaced)), isDirect: true},
		"replaced by the client and server": {first: inprocchain.NewChain(inprocchain.WithServerStatsHandlers(replaced), inprocchain.WithClientStatsHandlers(replaced))},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var first, second *inprocchain.Channel
				var calls atomic.Int64
				release := make(chan struct{})
				first = newChannel(t, options.first, handle(func(ctx context.Context) error {
					if calls.Add(1) > 1 {
						return nil
					}
					<-release
					next := second
					if options.isDirect {
						next = first
					}
					_, err := unary.call(ctx, next)
					return err
				}).register)
				second = newChannel(t, options.second, handle(func(ctx context.Context) error {
					_, err := unary.call(ctx, first)
					return err
				}).register)
				called, shutDown := make(chan error, 1), make(chan error, 1)
				go func() {
					_, err := unary.call(t.Context(), first)
					called <- err
				}()
				synctest.Wait()
				go func() { shutDown <- first.Shutdown(t.Context()) }()
				synctest.Wait()
				close(release)
				if err := <-called; err != nil {
					t.Errorf("the RPC ends with %v", err)
				}
				if err := <-shutDown; err != nil {
					t.Errorf("Shutdown: %v", err)
				}
			})
		})
	}
}

// A lentContext is used again when the RPC that was made with it is over.
type lentContext struct {
	context.Context
	t       *testing.T
	isInUse *atomic.Bool // by the RPC
}

func (c lentContext) Value(key any) any {
	if !c.isInUse.Load() {
		c.t.Errorf("after the end of its RPC, the context is asked for the value of %T", key)
	}
	return c.Context.Value(key)
}

// A Channel that is shut down does not ask the contexts of callers that have left, which may use them
// again.
func TestContextsOfCallersThatHaveLeftAreNotAsked(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var first, second *inprocchain.Channel
		left, nested := make(chan struct{}), make(chan struct{})
		var calls atomic.Int64
		first = newChannel(t, inprocchain.Chain{}, handle(func(ctx context.Context) error {
			if calls.Add(1) > 1 {
				return nil
			}
			ctx, cancel := context.WithCancel(ctx)
			time.AfterFunc(time.Second, cancel)
			isInUse := new(atomic.Bool)
			isInUse.Store(true)
			_, _ = unary.call(lentContext{ctx, t, isInUse}, second)
			isInUse.Store(false)
			close(left)
			<-nested
			return nil
		}).register)
		second = newChannel(t, inprocchain.Chain{}, handle(func(ctx context.Context) error {
			<-left
			_, _ = unary.call(context.WithoutCancel(ctx), first)
			close(nested)
			return nil
		}).register)
		go func() { _, _ = unary.call(t.Context(), first) }()
		synctest.Wait()
		if err := first.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
