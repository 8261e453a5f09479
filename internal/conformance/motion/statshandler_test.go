package motion_test

import (
	"context"
	"fmt"
	"strings"

	"google.golang.org/grpc/stats"

	"github.com/inprocchain/inprocchain/internal/testservice"
)

// statsHandler returns a stats handler that calls f for each event of an RPC. TagRPC makes an event
// of its own, tagRPC.
func statsHandler(f func(context.Context, stats.RPCStats)) stats.Handler {
	return testservice.Stats{
		OnTagRPC: func(ctx context.Context, _ *stats.RPCTagInfo) context.Context { f(ctx, tagRPC{}); return ctx },
		OnRPC:    f,
	}
}

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
