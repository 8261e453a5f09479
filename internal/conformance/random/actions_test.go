//go:build !race

package random_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// An action is what a stats handler does at its event.
type action struct {
	name   string
	do     func(h *statsHandler, ctx context.Context, t *tag, event string) context.Context
	takes  takes
	tags   bool // It returns another context.
	panics bool
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
	return action{name: name, tags: true, do: func(h *statsHandler, ctx context.Context, _ *tag, _ string) context.Context {
		return derive(h, ctx)
	}}
}

var actions = []action{
	doing("only records", noTime, func(*statsHandler, context.Context, string) {}),
	doing("blocks until released", someTime, func(h *statsHandler, _ context.Context, _ string) { h.await(nil) }),
	doing("takes 1", someTime, func(h *statsHandler, _ context.Context, _ string) { h.pass() }),
	doing("makes an RPC", anRPC, func(h *statsHandler, _ context.Context, event string) { h.aside(context.Background(), event) }),
	doing("makes an RPC with its context", anRPC, func(h *statsHandler, ctx context.Context, event string) { h.aside(ctx, event) }),
	doing("shuts the server down", anRPC, func(h *statsHandler, _ context.Context, event string) { h.shutDown(h.observer(event)) }),
	doing("closes the server", anRPC, func(h *statsHandler, _ context.Context, event string) { h.close(h.observer(event)) }),
	{name: "takes the lock", takes: aLock, do: func(h *statsHandler, ctx context.Context, t *tag, event string) context.Context {
		if h.isClient() && (event == "InHeader" || event == "InTrailer") {
			h.takeLockForMoment(t, event)
			return ctx
		}
		h.lock <- struct{}{}
		<-h.lock
		return ctx
	}},
	{name: "panics where its caller can recover", panics: true, do: func(h *statsHandler, ctx context.Context, _ *tag, event string) context.Context {
		switch event {
		case "TagRPC", "Begin", "OutHeader", "OutPayload":
			if h.isClient() {
				panic("of a stats handler")
			}
		}
		return ctx
	}},
	{name: "changes the peer", do: func(h *statsHandler, ctx context.Context, t *tag, event string) context.Context {
		if h.isClient() && (event == "TagRPC" || event == "Begin") {
			return ctx // The peer is that of the handler that makes the RPC.
		}
		if p, ok := peer.FromContext(ctx); ok && t != nil {
			p.Addr = changedAddr{t.call}
			t.call.peerChanged.Store(!h.isClient())
		}
		return ctx
	}},
	doing("prints the context", noTime, func(h *statsHandler, ctx context.Context, event string) {
		printed := fmt.Sprintf("%v", ctx)
		h.record(h.observer(event), fmt.Sprint("prints contents: ", strings.Contains(printed, "secret") && !h.isClient()))
	}),
	tagging("returns a detached context", func(h *statsHandler, ctx context.Context) context.Context {
		ctx = context.WithoutCancel(ctx)
		if !h.isClient() {
			return ctx
		}
		ctx, cancel := context.WithCancel(ctx)
		h.whenOver(ctx, cancel)
		return ctx
	}),
	tagging("returns a background context", func(h *statsHandler, ctx context.Context) context.Context { return h.overOf(ctx) }),
	tagging("returns an ended context", func(_ *statsHandler, ctx context.Context) context.Context {
		ctx, cancel := context.WithCancel(ctx)
		cancel()
		return ctx
	}),
	tagging("returns a context with a deadline in 1", func(h *statsHandler, ctx context.Context) context.Context {
		unit := h.unit
		if !h.isClient() {
			unit = unit * 4 / 5 // before the client's
		}
		ctx, cancel := withDeadlineIn(ctx, unit)
		h.whenOver(ctx, cancel)
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
// Such an action is left out. The RPC of the event is nil for an event of a connection.
func (h *statsHandler) knownDifference(event string, rpc *call) (reason string, known bool) {
	action := actions[h.behavior.action]
	if h.isClient() {
		return action.knownOfClient(event, rpc)
	}
	switch {
	case event == "TagConn" && action.takes > noTime:
		return "a Channel's connection begins with the first RPC", true
	case event == "OutHeader" && action.takes > noTime:
		return "if the caller cancels meanwhile, a network's stats handlers see an OutPayload that is not sent", true
	case event == "TagConn" && action.name == "returns a context with a deadline in 1" && !h.bubble:
		return "in real time, a network needs longer to make its connections", true
	case event == "TagConn" && action.name == "returns a background context":
		return "a Channel's RPCs have a peer of their own, a network's have that of the connection's context", true
	case event == "OutPayload" && action.takes > noTime && rpc.unary:
		return "a Channel's unary response arrives with the status, a network's before it", true
	case (event == "OutTrailer" || event == "End") && action.name == "closes the server":
		return "a network loses a response that it has not written", true
	}
	return "", false
}

func (a action) knownOfClient(event string, rpc *call) (reason string, known bool) {
	if rpc != nil && rpc.unary && rpc.callSpec.method > lastUsualMethod && a.takes > noTime {
		return "a network sends the request of an unknown method also if its caller has canceled meanwhile", true
	}
	switch event {
	case "ConnBegin":
		return "a network's client learns only afterwards that the server stops", a.takes == someTime
	case "TagRPC":
		switch a.name {
		case "returns a detached context", "returns a background context":
			return "a network's unary RPC does not end with its caller's context", rpc.unary
		case "returns an ended context":
			return "a network ends the RPC when its caller looks", true
		case "returns a context with a deadline in 1":
			return "a network ends a stream when its caller looks", !rpc.unary
		}
	case "OutHeader":
		switch {
		case a.takes == anRPC:
			return "a Channel's handler has begun, so that stopping the server waits for it", true
		case a.takes == someTime:
			return "a network's stream does not end with its caller's context before NewStream returns", true
		case a.panics:
			return "a network's server waits forever for the request", true
		}
	case "OutPayload":
		switch {
		case a.name == "closes the server":
			return "a Channel's handler has begun, so that closing the server waits for it", true
		case a.panics:
			return "a network's unary RPC goes on", rpc.unary
		}
	case "InHeader", "InTrailer":
		return "a network's connection waits for the stats handler, and a Channel's caller gets the event in its next call", a.takes >= someTime
	}
	return "", false
}

// takeLockForMoment takes the lock where a Channel runs the stats handler on the caller's goroutine,
// and a network on the transport's; see docs/differences.md. Either waits in vain for a handler that holds
// the lock, and then other calls hang on each side. So it does not wait longer than until all
// goroutines are blocked. No call of a handler may wait for it.
func (h *statsHandler) takeLockForMoment(t *tag, event string) {
	select {
	case h.lock <- struct{}{}:
		<-h.lock
	case <-time.After(moment / 8):
		if h.bubble && t.call.sending.Load() > 0 {
			h.record(h.observer(event), "a call of the handler waits for it")
		}
	}
}

func (b behavior) locks() bool { return actions[b.action].takes == aLock }

// delaysResponse reports whether the stats handler of a server takes time where a Channel's caller
// waits for it.
func (b behavior) delaysResponse() bool {
	switch serverEvents[b.event] {
	case "OutPayload", "OutTrailer", "End":
		return actions[b.action].takes > noTime
	}
	return false
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
	isConn := event == "TagConn" || event == "ConnBegin"
	if isConn && !h.bubble {
		return // In real time, a network needs longer to make its connections.
	}
	if h.stopped.Load() {
		return // On a Channel, the handler of an RPC that Close cancels may begin a little later.
	}
	when := h.now()
	if isConn {
		when = "" // A network's connections begin together.
	}
	h.record(h.observer(event), fmt.Sprint("an RPC ends with ", status.Code(err), when))
}
