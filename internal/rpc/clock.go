package rpc

import (
	"cmp"
	"context"
	"time"

	"github.com/inprocchain/inprocchain/internal/wire"
)

// Who ends an RPC, or delivers something to its caller, looks at the clock first.

// noticeEnd ends the RPC if its ClientConn is closed, or if its caller's context has ended
// or is past its deadline, without waiting for the goroutine that is told of it. Nothing
// that the handler does afterwards reaches the caller. It is called without the lock, since
// the methods of a context are not the library's.
func (t *transportStream) noticeEnd() {
	if t.clientConn.IsClosed() {
		t.abandon(byConnection, wire.ErrClientConnClosing)
		return
	}
	caller := t.caller.Load()
	if caller == nil || caller.neverEnds {
		return
	}
	if caller.isContextLent {
		if !t.ask() {
			return
		}
		defer t.doneAsking()
	}
	if err := caller.contextStatus(); err != nil {
		t.abandon(byClient, err)
	}
}

// ask reports whether the caller's context may be asked until doneAsking, because the RPC is
// not settled. The caller does not leave before, since it may use its context again then.
func (t *transportStream) ask() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.isSettled() {
		return false
	}
	t.asking++
	return true
}

func (t *transportStream) doneAsking() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.asking--; t.asking == 0 && t.ended != notEnded {
		t.change()
	}
}

// callingHandler returns the handler that has made the RPC, or nil, also if it is known to have left.
func (t *transportStream) callingHandler() *handlerCall {
	caller := t.caller.Load()
	if caller == nil {
		return nil
	}
	if caller.isContextLent {
		if !t.ask() {
			return nil
		}
		defer t.doneAsking()
	}
	return handlerOf(cmp.Or(caller.given, caller.ctx))
}

// contextStatus returns the status of an RPC whose caller's context has ended, or is past
// its deadline, or nil. The context may be past its deadline and not know it yet, because the
// goroutine that ends it has not run. A context that stats handlers have detached from the
// caller's keeps nobody from being canceled.
func (c *clientCall) contextStatus() error {
	switch {
	case hasEnded(c.ctx):
		return wire.ContextStatus(c.ctx)
	case c.given != nil && hasEnded(c.given):
		return wire.ContextStatus(c.given)
	case c.isPastDeadline():
		return wire.ErrDeadlineExceeded
	}
	return nil
}

// mustEnd reports whether the RPC will end because its caller's context or its ClientConn has ended.
func (c *clientCall) mustEnd() bool {
	return c.client.clientConn.IsClosed() || c.contextStatus() != nil
}

func (c *clientCall) isPastDeadline() bool {
	return c.hasDeadline && !time.Now().Before(c.deadline)
}

// setDeadline sets the deadline, which is that of ctx if there is none or a later one.
func (c *clientCall) setDeadline(ctx context.Context) {
	if deadline, ok := ctx.Deadline(); ok && (!c.hasDeadline || deadline.Before(c.deadline)) {
		c.deadline, c.hasDeadline = deadline, true
	}
}

// hasEnded reports whether a context has ended. It asks Err first, which is faster, and then Done, as
// grpc-go does.
func hasEnded(ctx context.Context) bool {
	if ctx.Err() == nil {
		return false
	}
	select {
	case <-ctx.Done():
		return true
	default:
		return false
	}
}
