//go:build !race

package random_test

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/stats"
)

// The events at which stats handlers do something.
var (
	clientEvents = []string{"Begin", "TagRPC", "OutHeader", "OutPayload", "InHeader", "InTrailer", "InPayload", "End", "TagConn", "ConnBegin"}
	serverEvents = []string{"Begin", "TagRPC", "InHeader", "InPayload", "OutHeader", "OutPayload", "OutTrailer", "End", "TagConn"}
)

// A statsHandler records the events of each RPC, and does something at one of them.
type statsHandler struct {
	*run
	side     string
	number   int
	behavior behavior

	mu   sync.Mutex
	kept []keptEvent
}

// A keptEvent is an event of an RPC, and what it was when it came.
type keptEvent struct {
	event stats.RPCStats
	was   string
}

func (h *statsHandler) keep(event stats.RPCStats) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.kept = append(h.kept, keptEvent{event, printEvent(event)})
}

// checkEvents records which events that stats handlers have kept have changed.
func (r *run) checkEvents() {
	for _, h := range r.handlers {
		h.recordChanges()
	}
}

// recordChanges records which events have changed since they came, and forgets them.
func (h *statsHandler) recordChanges() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, k := range h.kept {
		if printEvent(k.event) != k.was {
			h.record(fmt.Sprintf("%s stats handler %d", h.side, h.number), "a "+nameOf(k.event)+" has changed")
		}
	}
	h.kept = nil
}

// printEvent leaves out the message, into which somebody may receive again.
func printEvent(event stats.RPCStats) string {
	switch event := event.(type) {
	case *stats.InPayload:
		return fmt.Sprint(event.Length, event.RecvTime)
	case *stats.OutPayload:
		return fmt.Sprint(event.Length, event.SentTime)
	}
	return fmt.Sprintf("%+v", event)
}

// A tag is what a stats handler adds to the context of an RPC.
type tag struct {
	call    *call  // nil for RPCs that stats handlers make
	attempt string // of an interceptor that calls twice
}

type tagKey struct{ *statsHandler }

func (h *statsHandler) isClient() bool { return h.side != "server" }

func (h *statsHandler) TagRPC(ctx context.Context, info *stats.RPCTagInfo) context.Context {
	md, ok := metadata.FromIncomingContext(ctx)
	if h.isClient() {
		md, ok = metadata.FromOutgoingContext(ctx)
	}
	t := &tag{call: h.callOf(md, ok), attempt: strings.Join(md["attempt"], ".")}
	if t.call != nil {
		h.seeEvent(t, "", "TagRPC "+info.FullMethodName)
		ctx = h.at(ctx, t, "TagRPC")
	}
	return context.WithValue(ctx, tagKey{h}, t)
}

// seeEvent records an event. Events that may come at once have different parts.
func (h *statsHandler) seeEvent(t *tag, part, seen string) {
	observer := fmt.Sprintf("%s stats handler %d%s", h.side, h.number, part)
	if t.attempt != "" {
		observer += ", attempt " + t.attempt
	}
	t.call.see(observer, seen)
}

// at does what the handler does if this is its event. It returns ctx or another context.
func (h *statsHandler) at(ctx context.Context, t *tag, event string) context.Context {
	events := serverEvents
	if h.isClient() {
		events = clientEvents
	}
	if events[h.behavior.event] != event {
		return ctx
	}
	var rpc *call
	if t != nil {
		rpc = t.call
	}
	if _, known := h.knownDifference(event, rpc); known {
		return ctx
	}
	action := actions[h.behavior.action]
	if event == "OutPayload" && h.isClient() && rpc.unary && action.takes > noTime {
		rpc.tell(func() { ctx = action.do(h, ctx, t, event) })
		return ctx
	}
	return action.do(h, ctx, t, event)
}

func (h *statsHandler) HandleRPC(ctx context.Context, event stats.RPCStats) {
	t, ok := ctx.Value(tagKey{h}).(*tag)
	if !ok {
		h.record(fmt.Sprintf("%s stats handler %d, an RPC without its tag", h.side, h.number), nameOf(event))
		return
	}
	name := nameOf(event)
	if t.call == nil || name == "DelayedPickComplete" {
		return // No picker is in-process.
	}
	h.keep(event)
	part, text := h.describeEvent(ctx, t, event)
	if name != "InTrailer" || !t.call.mayMissTrailer() {
		h.seeEvent(t, part, name+text)
	}
	h.at(ctx, t, name)
}

func nameOf(event any) string { return strings.TrimPrefix(fmt.Sprintf("%T", event), "*stats.") }

// describeEvent returns the part of the observer for the event, and the event's details.
func (h *statsHandler) describeEvent(ctx context.Context, t *tag, event stats.RPCStats) (part, text string) {
	in := ", incoming"
	switch event := event.(type) {
	case *stats.InHeader:
		text = " " + mdText(event.Header) + " " + event.FullMethod
		if !h.isClient() {
			in = ""
		}
		return in, text
	case *stats.OutHeader:
		return "", " " + mdText(event.Header) + " " + event.FullMethod
	case *stats.InPayload:
		return in, " " + h.describe(event.Payload)
	case *stats.OutPayload:
		return "", " " + describeSent(event.Payload)
	case *stats.InTrailer:
		return ", trailer", " " + mdText(event.Trailer)
	case *stats.OutTrailer:
		return "", " " + mdText(event.Trailer)
	case *stats.End:
		trailer := " " + mdText(event.Trailer)
		switch {
		case !h.isClient():
			method, _ := grpc.Method(ctx)
			p, _ := peer.FromContext(ctx)
			err := h.atDeadline(ctx, ctx.Err(), fmt.Sprint(ctx.Err()))
			return "", fmt.Sprint(" ", h.sentText(ctx, event.Error), trailer, " in ", method, " ", err, " peer ", t.call.peerText(p))
		case t.call.unary:
			return "", " " + h.endText(event.Error) + trailer
		default: // The error is nil on a network if SendMsg has noticed the end; see docs/differences.md.
			return "", trailer
		}
	}
	return "", ""
}

func (h *statsHandler) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context {
	return h.at(ctx, nil, "TagConn")
}

func (h *statsHandler) HandleConn(ctx context.Context, event stats.ConnStats) {
	h.at(ctx, nil, nameOf(event))
}
