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
	derived  *derivedContext // nil until somebody asks whether it has ended

	deadline    time.Time
	hasDeadline bool
	observed    bool // Stats handlers derive from it, and see no stream.
}

// init sets what the handler sees. response must have been set before.
func (c *handlerContext) init(caller, values context.Context) {
	c.caller, c.values = caller, values
	c.deadline, c.hasDeadline = caller.Deadline()
}

// Deadline returns the deadline of the caller's context.
func (c *handlerContext) Deadline() (time.Time, bool) { return c.deadline, c.hasDeadline }

// Done returns a channel that is closed when the RPC ends.
func (c *handlerContext) Done() <-chan struct{} { return c.canceled().Done() }

// Err returns why the RPC ended, or nil.
func (c *handlerContext) Err() error {
	c.response.mu.Lock()
	err, derived := c.response.contextErr(), c.derived
	c.response.mu.Unlock()
	if derived != nil { // Its Done may not be closed yet.
		return derived.cancelable.Err()
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
	derived := c.derived
	c.response.mu.Unlock()
	if derived != nil {
		return derived.cancelable
	}
	return c.derive()
}

func (c *handlerContext) derive() context.Context {
	made := &derivedContext{handler: c}
	made.cancelable, made.cancel = context.WithCancel(made)

	c.response.mu.Lock()
	if c.derived == nil {
		c.derived = made
	}
	derived, hasEnded := c.derived, c.response.contextErr() != nil
	c.response.mu.Unlock()
	switch {
	case derived != made: // Another goroutine was faster.
		made.cancel()
	case hasEnded: // Nobody has called it.
		made.end()
	}
	return derived.cancelable
}

// A derivedContext is the parent of a context of package context that ends with the
// RPC. It has no values.
type derivedContext struct {
	handler    *handlerContext
	cancelable context.Context // the child
	cancel     func()          // the child, with Canceled
	onEnd      func()          // ends the child; nil if the RPC ended before there was one
}

// end ends the child after the RPC has ended. The lock must be free.
func (d *derivedContext) end() {
	if d != nil && d.onEnd != nil {
		d.onEnd()
	}
}

func (d *derivedContext) Deadline() (time.Time, bool) { return d.handler.Deadline() }

func (d *derivedContext) Err() error {
	d.handler.response.mu.Lock()
	defer d.handler.response.mu.Unlock()
	return d.handler.response.contextErr()
}

func (d *derivedContext) Done() <-chan struct{} {
	if d.Err() != nil {
		return closedChannel
	}
	return neverClosedChannel // Package context calls AfterFunc instead.
}

func (d *derivedContext) Value(any) any { return nil }

// AfterFunc is what package context looks for in a parent that is not its own. It calls
// it once, for the only child.
func (d *derivedContext) AfterFunc(f func()) (stop func() bool) {
	d.handler.response.mu.Lock()
	ended := d.handler.response.contextErr() != nil
	if !ended {
		d.onEnd = f
	}
	d.handler.response.mu.Unlock()
	if ended {
		go f() // Package context holds a lock that f takes.
	}
	return func() bool { return false } // The child ends with the RPC only.
}

// An observedContext is the responseState of an RPC as the context of its handler that
// stats handlers have derived from its handlerContext. On a network, too, only the
// handler's context has the stream.
type observedContext responseState

func (c *observedContext) Deadline() (time.Time, bool) { return c.events.Context().Deadline() }
func (c *observedContext) Done() <-chan struct{}       { return c.events.Context().Done() }
func (c *observedContext) Err() error                  { return c.events.Context().Err() }

func (c *observedContext) Value(key any) any {
	if key == streamKey {
		return (*responseState)(c)
	}
	return c.events.Context().Value(key)
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
