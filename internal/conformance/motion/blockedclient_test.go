package motion_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
)

// While a client's stats handler blocks the caller of a unary RPC, the handler learns of the
// end of the caller's context.
func TestHandlerContextEndsWhileClientStatsHandlerBlocks(t *testing.T) {
	t.Parallel()
	const blocks, ends = time.Hour, time.Minute
	withTimeout := func(ctx context.Context) (context.Context, context.CancelFunc) {
		return context.WithTimeout(ctx, ends)
	}
	withCancel := func(ctx context.Context) (context.Context, context.CancelFunc) {
		ctx, cancel := context.WithCancel(ctx)
		time.AfterFunc(ends, cancel)
		return ctx, cancel
	}
	for _, test := range []struct {
		name       string
		newContext func(context.Context) (context.Context, context.CancelFunc)
		event      string
		differs    bool // docs/differences.md has a row.
	}{
		{"deadline in OutPayload", withTimeout, "OutPayload", false},
		{"cancel in OutPayload", withCancel, "OutPayload", true},
		{"deadline in InHeader", withTimeout, "InHeader", false},
		{"cancel in InHeader", withCancel, "InHeader", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ended := make(chan time.Duration, 1)
				s := service{unary: func(ctx context.Context) error {
					start := time.Now()
					if err := grpc.SendHeader(ctx, lateMD); err != nil {
						return err
					}
					<-ctx.Done()
					ended <- time.Since(start)
					return ctx.Err()
				}}
				chain := inprocchain.NewChain(inprocchain.WithClientStatsHandlers(at(test.event, func() { time.Sleep(blocks) })))
				var results [2]string
				for i, conn := range connections(t, chain, s.register) {
					ctx, cancel := test.newContext(t.Context())
					_, err := unary.call(ctx, conn.Conn)
					cancel()
					results[i] = fmt.Sprintf("the caller gets %v, and the handler's context ends after %v", status.Code(err), <-ended)
				}
				if differs := results[1] != results[0]; differs != test.differs {
					t.Errorf("Channel: %s\nnetwork: %s", results[1], results[0])
				}
			})
		})
	}
}
