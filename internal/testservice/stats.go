package testservice

import (
	"context"

	"google.golang.org/grpc/stats"
)

// Stats is a stats handler that calls its functions, which may be nil.
type Stats struct {
	OnTagRPC  func(context.Context, *stats.RPCTagInfo) context.Context
	OnRPC     func(context.Context, stats.RPCStats)
	OnTagConn func(context.Context, *stats.ConnTagInfo) context.Context
	OnConn    func(context.Context, stats.ConnStats)
}

func (s Stats) TagRPC(ctx context.Context, info *stats.RPCTagInfo) context.Context {
	if s.OnTagRPC == nil {
		return ctx
	}
	return s.OnTagRPC(ctx, info)
}

func (s Stats) HandleRPC(ctx context.Context, event stats.RPCStats) {
	if s.OnRPC != nil {
		s.OnRPC(ctx, event)
	}
}

func (s Stats) TagConn(ctx context.Context, info *stats.ConnTagInfo) context.Context {
	if s.OnTagConn == nil {
		return ctx
	}
	return s.OnTagConn(ctx, info)
}

func (s Stats) HandleConn(ctx context.Context, event stats.ConnStats) {
	if s.OnConn != nil {
		s.OnConn(ctx, event)
	}
}

// At returns a stats handler that calls f for each event of the type Event.
func At[Event stats.RPCStats](f func()) Stats {
	return Stats{OnRPC: func(_ context.Context, event stats.RPCStats) {
		if _, ok := event.(Event); ok {
			f()
		}
	}}
}

// NoStats is a stats handler that does nothing. Other stats handlers embed it for the methods that
// they do not need.
type NoStats struct{}

func (NoStats) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context { return ctx }

func (NoStats) HandleRPC(context.Context, stats.RPCStats) {}

func (NoStats) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

func (NoStats) HandleConn(context.Context, stats.ConnStats) {}
