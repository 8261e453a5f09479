package reliability_test

import (
	"context"
	"sync/atomic"

	"google.golang.org/grpc/stats"
)

// A ledger is a stats handler that keeps account of begins and ends.
type ledger struct {
	begun, ended    atomic.Int64
	doubled, missed atomic.Int64 // ends of what had ended, and of what had not begun
}

type ledgerKey struct{ of *ledger }

type entry struct {
	begun, ended atomic.Int32
}

func (l *ledger) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context {
	return context.WithValue(ctx, ledgerKey{l}, new(entry))
}

func (l *ledger) HandleRPC(ctx context.Context, event stats.RPCStats) {
	e := ctx.Value(ledgerKey{l}).(*entry)
	switch event.(type) {
	case *stats.Begin:
		l.begun.Add(1)
		if e.begun.Add(1) > 1 {
			l.doubled.Add(1)
		}
	case *stats.End:
		l.ended.Add(1)
		if e.ended.Add(1) > 1 {
			l.doubled.Add(1)
		}
		if e.begun.Load() == 0 {
			l.missed.Add(1)
		}
	default:
		if e.begun.Load() == 0 && !isServerInHeader(event) {
			l.missed.Add(1)
		}
	}
}

// A server is told of the header before the beginning, as in grpc-go.
func isServerInHeader(event stats.RPCStats) bool {
	_, ok := event.(*stats.InHeader)
	return ok && !event.IsClient()
}

func (l *ledger) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

func (l *ledger) HandleConn(context.Context, stats.ConnStats) {}
