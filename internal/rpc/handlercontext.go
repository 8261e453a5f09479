package rpc

import (
	"context"
	"iter"
	"time"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
)

// A handlerContext is the context of an RPC's handler, to which stats handlers
// and interceptors add. It has the values that a handler finds on a network, and
// none of the caller's. It ends with its RPC and is part of it, so that a handler
// that does not ask whether it has ended costs no allocation (BenchmarkUnary).
type handlerContext struct {
	response *responseState // says when the RPC ended, and guards what changes
	caller   context.Context
	values   context.Context // the connection's values, and the incoming metadata
	entry    *Entry
	observed bool // Stats handlers derive from it, and see no stream.

	deadline    time.Time
	hasDeadline bool

	cancelable context.Context // nil until somebody asks for it
	onEnd      []func()        // of the contexts that were made for cancelable
}

// init sets what the handler sees. response must have been set before.
func (c *handlerContext) init(caller, values context.Context, entry *Entry) {
	c.caller, c.values, c.entry = caller, values, entry
	c.deadline, c.hasDeadline = caller.Deadline()
}

// Deadline returns the deadline of the caller's context.
func (c *handlerContext) Deadline() (time.Time, bool) { return c.deadline, c.hasDeadline }

// Done returns a channel that is closed when the RPC ends.
func (c *handlerContext) Done() <-chan struct{} { return c.canceled().Done() }

// Err returns why the RPC ended, or nil.
func (c *handlerContext) Err() error {
	c.response.mu.Lock()
	err, cancelable := c.response.contextErr, c.cancelable
	c.response.mu.Unlock()
	if cancelable != nil { // Its Done may not be closed yet.
		return cancelable.Err()
	}
	return err
}

// Value returns what a handler finds on a network, and for
// [inprocgrpc.ClientContext] the caller's context.
func (c *handlerContext) Value(key any) any {
	switch key {
	case clientContextKey:
		return c.caller
	case handlerContextKey{}:
		return c
	case cancelContextKey:
		return c.canceled().Value(key)
	case streamKey:
		if c.observed {
			return nil
		}
		return c.response
	}
	return c.values.Value(key)
}

// canceled returns a context of package context that ends with the RPC. That package
// looks for one of its own in a parent. If it finds none, each context that a handler
// derives from a derived one needs a goroutine.
func (c *handlerContext) canceled() context.Context {
	c.response.mu.Lock()
	made := c.cancelable
	c.response.mu.Unlock()
	if made != nil {
		return made
	}
	ctx, cancel := context.WithCancel(endOfRPC{c})
	c.response.mu.Lock()
	defer c.response.mu.Unlock()
	c.onEnd = append(c.onEnd, cancel)
	if c.cancelable == nil { // Otherwise another goroutine was faster.
		c.cancelable = ctx
	}
	return c.cancelable
}

// endOfRPC is the parent of cancelable. It has no values.
type endOfRPC struct{ handler *handlerContext }

func (e endOfRPC) Deadline() (time.Time, bool) { return e.handler.Deadline() }

func (e endOfRPC) Err() error {
	e.handler.response.mu.Lock()
	defer e.handler.response.mu.Unlock()
	return e.handler.response.contextErr
}

func (e endOfRPC) Done() <-chan struct{} {
	if e.Err() != nil {
		return closedChannel
	}
	return neverClosedChannel // Package context calls AfterFunc instead.
}

func (e endOfRPC) Value(any) any { return nil }

// AfterFunc is what package context looks for in a parent that is not its own.
func (e endOfRPC) AfterFunc(f func()) (stop func() bool) {
	e.handler.response.mu.Lock()
	ended := e.handler.response.contextErr != nil
	if !ended {
		e.handler.onEnd = append(e.handler.onEnd, f)
	}
	e.handler.response.mu.Unlock()
	if ended {
		go f() // Package context holds a lock that f takes.
	}
	return func() bool { return false } // cancelable ends with the RPC only.
}

// endLocked returns what to call when the RPC has ended and the lock is free.
func (c *handlerContext) endLocked() []func() {
	onEnd := c.onEnd
	c.onEnd = nil
	return onEnd
}

// withStream is the context of a handler that stats handlers have derived from a
// handlerContext. On a network, too, only the handler's context has the stream.
type withStream struct {
	context.Context
	stream *responseState
}

func (c *withStream) Value(key any) any {
	if key == streamKey {
		return c.stream
	}
	return c.Context.Value(key)
}

type handlerContextKey struct{}

// handlersOf yields the handlers that wait for an RPC that is made with ctx: the
// one that makes it, the one that made the RPC of that, and so on.
func handlersOf(ctx context.Context) iter.Seq[*handlerContext] {
	return func(yield func(*handlerContext) bool) {
		for ctx != nil {
			handler, _ := ctx.Value(handlerContextKey{}).(*handlerContext)
			if handler == nil || !yield(handler) {
				return
			}
			ctx = handler.caller
		}
	}
}

var neverClosedChannel = make(chan struct{})

// cancelContextKey is what package context looks for to find a context of its own.
var cancelContextKey = func() any {
	var ctx keyRecorder
	_ = context.Cause(&ctx)
	return ctx.key
}()

// streamKey is what grpc.ServerTransportStreamFromContext looks for.
var streamKey = func() any {
	var ctx keyRecorder
	grpc.ServerTransportStreamFromContext(&ctx)
	return ctx.key
}()

// clientContextKey is what inprocgrpc.ClientContext looks for.
var clientContextKey = func() any {
	var ctx keyRecorder
	inprocgrpc.ClientContext(&ctx)
	return ctx.key
}()

// A keyRecorder remembers the key of the value that it was asked for.
type keyRecorder struct {
	context.Context
	key any
}

func (r *keyRecorder) Err() error { return context.Canceled }

func (r *keyRecorder) Value(key any) any {
	r.key = key
	return nil
}
