package rpc

import (
	"context"
	"fmt"
	"iter"
	"sync/atomic"
	"time"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
)

// A handlerContext has the values and the deadline of a handler's context, which is a
// context.WithCancel of it: those that a handler finds on a network, and none of the
// caller's. It is one struct instead of a context for each value, because it is a part of
// each RPC (BenchmarkUnary).
type handlerContext struct {
	context.Context // of the connection, as stats handlers have tagged it
	call            *handlerCall
	peer            atomic.Pointer[peer.Peer] // nil until the client sets it, or somebody asks for it
	metadata        metadata.MD               // incoming
	deadline        time.Time                 // of the caller's context; zero if there is none
}

// Deadline returns the earlier of the deadlines of the caller and the connection.
func (c *handlerContext) Deadline() (deadline time.Time, ok bool) {
	deadline, ok = c.Context.Deadline()
	if !c.deadline.IsZero() && (!ok || c.deadline.Before(deadline)) {
		return c.deadline, true
	}
	return deadline, ok
}

// Value returns what a handler finds on a network, and for [inprocgrpc.ClientContext] the
// caller's context, until the handler has returned.
func (c *handlerContext) Value(key any) any {
	switch key {
	case incomingKey:
		return c.metadata
	case peerKey:
		return c.ownPeer()
	case handlerKey{}:
		return c.call
	case streamKey:
		if c.call.server().stats != nil {
			return nil // Stats handlers derive from c, and see no transport stream.
		}
		return grpc.ServerTransportStream(c.call)
	case clientContextKey:
		if ctx := c.call.stream.callerContext(); ctx != nil {
			return ctx
		}
		return nil
	}
	return c.Context.Value(key)
}

// ownPeer returns the peer of this RPC alone, which a handler may change.
func (c *handlerContext) ownPeer() *peer.Peer {
	if c.peer.Load() == nil {
		p := c.call.conn.serverPeer
		c.peer.CompareAndSwap(nil, &p)
	}
	return c.peer.Load()
}

// String names the RPC only. The metadata may be confidential, and other goroutines may
// change what the context refers to.
func (c *handlerContext) String() string {
	return fmt.Sprintf("inprocchain.handlerContext(%s)", c.call.fullMethod)
}

type handlerKey struct{}

// handlersOf yields the handlers that wait for an RPC that is made with ctx: the one that
// makes it, the one that made the RPC of that, and so on.
func handlersOf(ctx context.Context) iter.Seq[*handlerCall] {
	return func(yield func(*handlerCall) bool) {
		for handler := handlerOf(ctx); handler != nil && yield(handler); {
			handler = handler.stream.callingHandler()
		}
	}
}

// handlerOf returns the handler whose context ctx is, or is derived from, or nil. Stats handlers may
// have replaced the context, and then it has the transport stream only.
func handlerOf(ctx context.Context) *handlerCall {
	if handler, ok := ctx.Value(handlerKey{}).(*handlerCall); ok {
		return handler
	}
	handler, _ := grpc.ServerTransportStreamFromContext(ctx).(*handlerCall)
	return handler
}

// The keys under which grpc-go and inprocgrpc keep the values of a handler's context.
var (
	incomingKey      = keyOf("metadata.FromIncomingContext", func(ctx context.Context) { metadata.FromIncomingContext(ctx) })
	peerKey          = keyOf("peer.FromContext", func(ctx context.Context) { peer.FromContext(ctx) })
	streamKey        = keyOf("grpc.ServerTransportStreamFromContext", func(ctx context.Context) { grpc.ServerTransportStreamFromContext(ctx) })
	clientContextKey = keyOf("inprocgrpc.ClientContext", func(ctx context.Context) { inprocgrpc.ClientContext(ctx) })
)

// keyOf returns the key of the value that a function asks a context for. It panics if it
// asks for none, since handlers would then miss what they find on a network.
func keyOf(function string, call func(context.Context)) any {
	recorder := keyRecorder{Context: context.Background()}
	call(&recorder)
	if recorder.key == nil {
		panic("inprocchain: " + function + " asks its context for no value in this version of its module; use another version")
	}
	return recorder.key
}

// A keyRecorder is a context that remembers the key of the value that it was asked for.
type keyRecorder struct {
	context.Context
	key any
}

func (r *keyRecorder) Value(key any) any {
	r.key = key
	return nil
}
