package reliability_test

import (
	"context"
	"sync/atomic"

	"google.golang.org/grpc/stats"

	"github.com/inprocchain/inprocchain/internal/testservice"
)

// An eventCounter is a stats handler that counts the Begin and End events of RPCs.
type eventCounter struct {
	testservice.NoStats
	begun, ended          atomic.Int64
	duplicated, misplaced atomic.Int64 // second Begin or End events, and events without a Begin
}

type eventCounterKey struct{ counter *eventCounter }

// rpcEvents counts the events of one RPC.
type rpcEvents struct {
	begun, ended atomic.Int32
}

func (c *eventCounter) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context {
	return context.WithValue(ctx, eventCounterKey{c}, new(rpcEvents))
}

func (c *eventCounter) HandleRPC(ctx context.Context, event stats.RPCStats) {
	e := ctx.Value(eventCounterKey{c}).(*rpcEvents)
	switch event.(type) {
	case *stats.Begin:
		c.begun.Add(1)
		if e.begun.Add(1) > 1 {
			c.duplicated.Add(1)
		}
	case *stats.End:
		c.ended.Add(1)
		if e.ended.Add(1) > 1 {
			c.duplicated.Add(1)
		}
		if e.begun.Load() == 0 {
			c.misplaced.Add(1)
		}
	default:
		if e.begun.Load() == 0 && !isServerInHeader(event) {
			c.misplaced.Add(1)
		}
	}
}

// As in grpc-go, a server stats handler gets InHeader before Begin.
func isServerInHeader(event stats.RPCStats) bool {
	_, ok := event.(*stats.InHeader)
	return ok && !event.IsClient()
}
