// Package observe makes interceptors of stats handlers: they tell the handlers
// what grpc-go would tell them of an RPC, in its order.
package observe

import (
	"context"
	"net"

	"google.golang.org/grpc/stats"

	"github.com/inprocchain/inprocchain/internal/transport"
)

var addr net.Addr = transport.Addr{}

// combine makes one handler of several, which are called in order, as grpc-go's
// internal/stats.NewCombinedHandler does.
func combine(handlers []stats.Handler) stats.Handler {
	if len(handlers) == 1 {
		return handlers[0]
	}
	return combined(handlers)
}

type combined []stats.Handler

func (c combined) TagRPC(ctx context.Context, info *stats.RPCTagInfo) context.Context {
	for _, handler := range c {
		ctx = handler.TagRPC(ctx, info)
	}
	return ctx
}

func (c combined) HandleRPC(ctx context.Context, event stats.RPCStats) {
	for _, handler := range c {
		handler.HandleRPC(ctx, event)
	}
}

// There are no connections in-process.

func (c combined) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

func (c combined) HandleConn(context.Context, stats.ConnStats) {}
