//go:build !race

package random_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// An action is what a stats handler does at its event.
type action struct {
	name  string
	do    func(h *statsHandler, ctx context.Context, t *tag, event string) context.Context
	takes takes
}

// takes says how long an action takes.
type takes int

const (
	noTime takes = iota
	aLock        // which a handler may hold
	someTime
	anRPC // or until the server has stopped
)

// doing returns an action that returns the same context.
func doing(name string, takes takes, do func(h *statsHandler, ctx context.Context, event string)) action {
	return action{name: name, takes: takes, do: func(h *statsHandler, ctx context.Context, _ *tag, event string) context.Context {
		do(h, ctx, event)
		return ctx
	}}
}

// tagging returns an action that returns another context.
func tagging(name string, derive func(h *statsHandler, ctx context.Context) context.Context) action {
	return action{name: name, do: func(h *statsHandler, ctx context.Context, _ *tag, _ string) context.Context {
		return derive(h, ctx)
	}}
}

var actions = []action{
	doing("only records", noTime, func(*statsHandler, context.Context, string) {}),
	doing("blocks until released", someTime, func(h *statsHandler, _ context.Context, _ string) { h.await(nil) }),
	doing("takes 1", someTime, func(h *statsHandler, _ context.Context, _ string) { time.Sleep(h.unit) }),
	doing("makes an RPC", anRPC, func(h *statsHandler, _ context.Context, event string) { h.aside(context.Background(), event) }),
	doing("makes an RPC with its context", anRPC, func(h *statsHandler, ctx context.Context, event string) { h.aside(ctx, event) }),
	doing("shuts the server down", anRPC, func(h *statsHandler, _ context.Context, event string) { h.shutDown(h.observer(event)) }),
	doing("closes the server", anRPC, func(h *statsHandler, _ context.Context, event string) { h.close(h.observer(event)) }),
	doing("takes the lock", aLock, func(h *statsHandler, _ context.Context, _ string) {
		h.lock <- struct{}{}
		<-h.lock
	}),
	doing("panics where its caller can recover", noTime, func(h *statsHandler, _ context.Context, event string) {
		switch event {
		case "TagRPC", "Begin", "OutHeader", "OutPayload":
			if h.isClient() {
				panic("of a stats handler")
			}
		}
	}),
	{name: "changes the peer", do: func(_ *statsHandler, ctx context.Context, t *tag, _ string) context.Context {
		if p, ok := peer.FromContext(ctx); ok && t != nil {
			p.Addr = changedAddr{t.call}
		}
		return ctx
	}},
	doing("prints the context", noTime, func(h *statsHandler, ctx context.Context, event string) {
		printed := fmt.Sprintf("%v", ctx)
		h.record(h.observer(event), fmt.Sprint("prints contents: ", strings.Contains(printed, "secret") && !h.isClient()))
	}),
	tagging("returns a detached context", func(h *statsHandler, ctx context.Context) context.Context {
		ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
		h.whenOver(cancel)
		return ctx
	}),
	tagging("returns a background context", func(h *statsHandler, _ context.Context) context.Context { return h.over }),
	tagging("returns an ended context", func(_ *statsHandler, ctx context.Context) context.Context {
		ctx, cancel := context.WithCancel(ctx)
		cancel()
		return ctx
	}),
	tagging("returns a context with a deadline in 1", func(h *statsHandler, ctx context.Context) context.Context {
		ctx, cancel := context.WithTimeout(ctx, h.unit)
		h.whenOver(cancel)
		return ctx
	}),
	tagging("adds outgoing metadata", func(_ *statsHandler, ctx context.Context) context.Context {
		return metadata.AppendToOutgoingContext(ctx, "tagged", "value")
	}),
	tagging("adds outgoing metadata that cannot be sent", func(_ *statsHandler, ctx context.Context) context.Context {
		return metadata.AppendToOutgoingContext(ctx, "tagged", "a\nb")
	}),
}

// knownDifference returns why the two sides differ if the handler's action is done at the event.
// Such an action is left out.
func (h *statsHandler) knownDifference(event string) (reason string, known bool) {
	action := actions[h.behavior.action]
	switch {
	case h.isClient() && (event == "InHeader" || event == "InTrailer") && action.takes >= someTime:
		return "a network's connection waits for the stats handler, and a Channel's caller gets the event in its next call", true
	case h.isClient() && event == "OutHeader" && action.takes == anRPC:
		return "a Channel's handler has begun, so that stopping the server waits for it", true
	case !h.isClient() && event == "TagConn" && action.takes > noTime:
		return "a Channel's connection begins with the first RPC", true
	case !h.isClient() && event == "OutHeader" && action.takes > noTime:
		return "if the caller cancels meanwhile, a network's stats handlers see an OutPayload that is not sent", true
	case !h.isClient() && event == "TagConn" && action.name == "returns a background context":
		return "a Channel's RPCs have a peer of their own, a network's have that of the connection's context", true
	case h.isClient() && event == "TagRPC" && action.name == "returns an ended context":
		return "a network ends the RPC when its caller looks", true
	}
	return "", false
}

func (h *statsHandler) observer(event string) string {
	return fmt.Sprintf("%s stats handler %d at %s", h.side, h.number, event)
}

// aside makes an RPC that takes at most 3 units.
func (h *statsHandler) aside(ctx context.Context, event string) {
	ctx, cancel := context.WithTimeout(ctx, 3*h.unit)
	defer cancel()
	ctx = metadata.NewOutgoingContext(ctx, nil)
	err := h.clients[1].Invoke(ctx, asideMethod, new(wrapperspb.StringValue), new(wrapperspb.StringValue))
	h.record(h.observer(event), "an RPC ends with "+errorText(err)+h.now())
}
