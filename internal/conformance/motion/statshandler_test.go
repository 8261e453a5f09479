package motion_test

import (
	"context"
	"fmt"
	"strings"

	"google.golang.org/grpc/stats"
)

// A statsHandler is called for each event of an RPC. TagRPC makes an event of its own,
// tagRPC.
type statsHandler func(context.Context, stats.RPCStats)

func (h statsHandler) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context {
	h(ctx, tagRPC{})
	return ctx
}

func (h statsHandler) HandleRPC(ctx context.Context, event stats.RPCStats) { h(ctx, event) }

func (statsHandler) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

func (statsHandler) HandleConn(context.Context, stats.ConnStats) {}

// tagRPC is the event of a call of TagRPC.
type tagRPC struct{ stats.RPCStats }

// nameOf returns the name of an event's type, such as "OutHeader".
func nameOf(event any) string {
	if _, ok := event.(tagRPC); ok {
		return "TagRPC"
	}
	return strings.TrimPrefix(fmt.Sprintf("%T", event), "*stats.")
}

// at returns a stats handler that calls f at the event with the name.
func at(name string, f func()) stats.Handler {
	return statsHandler(func(_ context.Context, event stats.RPCStats) {
		if nameOf(event) == name {
			f()
		}
	})
}

// The events of an RPC, in the order of a network.
var (
	serverEvents = []string{"TagRPC", "InHeader", "Begin", "InPayload", "OutHeader", "OutPayload", "OutTrailer", "End"}
	clientEvents = []string{"TagRPC", "Begin", "OutHeader", "OutPayload", "InHeader", "InTrailer", "InPayload", "End"}
)
