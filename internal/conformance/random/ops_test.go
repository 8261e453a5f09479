//go:build !race

package random_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
)

// An op is a call that an actor makes.
type op struct {
	name    string
	weight  int
	streams bool                  // Only streams have it.
	args    []string              // the choices of its argument; nil if it has none
	queue   func(*call) chan task // of its actor; nil for a call that never blocks
	call    func(c *call, h *handlerCall, arg int)
}

func byClient(c *call) chan task   { return c.client }
func byReceiver(c *call) chan task { return c.receiver }
func byHandler(c *call) chan task  { return c.handler }
func byNobody(*call) chan task     { return nil }

var (
	opOpen   = &op{name: "NewStream", queue: byClient, call: func(c *call, _ *handlerCall, _ int) { c.open() }}
	opInvoke = &op{name: "Invoke", args: messageArgs, queue: byClient, call: func(c *call, _ *handlerCall, arg int) { c.invoke(arg) }}
	opLock   = &op{name: "handler: lock", weight: 1, queue: byHandler, call: func(c *call, h *handlerCall, _ int) {
		if !h.locked {
			c.lock <- struct{}{}
			h.locked = true
		}
	}}
)

// ops are the calls in random programs, besides those that start a call.
var ops = []*op{
	{name: "cancel", weight: 4, queue: byNobody, call: func(c *call, _ *handlerCall, _ int) { c.cancel() }},
	{name: "1 passes", weight: 3, queue: byNobody, call: func(c *call, _ *handlerCall, _ int) { time.Sleep(c.unit) }},
	{name: "stats handlers go on", weight: 2, queue: byNobody, call: func(c *call, _ *handlerCall, _ int) { c.release() }},
	{name: "Shutdown", weight: 1, queue: byNobody, call: func(c *call, _ *handlerCall, _ int) {
		c.stop(func() { c.shutDown("environment, Shutdown") })
	}},
	{name: "Close", weight: 1, queue: byNobody, call: func(c *call, _ *handlerCall, _ int) {
		c.stop(func() { c.close("environment, Close") })
	}},
	{name: "close the second client", weight: 1, queue: byNobody, call: func(c *call, _ *handlerCall, _ int) { c.closeSecond() }},
	{name: "collect garbage", weight: 1, queue: byNobody, call: func(c *call, _ *handlerCall, _ int) { c.collect() }},

	{name: "SendMsg", weight: 5, streams: true, args: messageArgs, queue: byClient, call: func(c *call, _ *handlerCall, arg int) {
		if stream := c.openStream(); stream != nil {
			m := c.newMessage(arg)
			c.see("caller", "SendMsg "+c.errorText(stream.SendMsg(m)))
			spoil(m)
		}
	}},
	{name: "CloseSend", weight: 2, streams: true, queue: byClient, call: func(c *call, _ *handlerCall, _ int) {
		if stream := c.openStream(); stream != nil {
			c.see("caller", "CloseSend "+c.errorText(stream.CloseSend()))
		}
	}},
	{name: "RecvMsg", weight: 6, streams: true, queue: byReceiver, call: func(c *call, _ *handlerCall, _ int) {
		if stream := c.openStream(); stream != nil && c.over.Err() == nil { // not after a second response
			m := c.emptyMessage()
			err := stream.RecvMsg(m)
			c.endAfter(err)
			if err != nil {
				c.failed.Store(true)
				c.see("receiver", "RecvMsg "+c.errorText(err)+c.now())
				return
			}
			c.see("receiver", "RecvMsg "+c.describe(m)+c.now())
		}
	}},
	{name: "Header", weight: 2, streams: true, queue: byReceiver, call: func(c *call, _ *handlerCall, _ int) {
		if stream := c.openStream(); stream != nil {
			md, err := stream.Header()
			c.see("receiver", "Header "+mdText(md)+" "+c.errorText(err)+c.now())
		}
	}},
	{name: "Trailer", weight: 1, streams: true, queue: byReceiver, call: func(c *call, _ *handlerCall, _ int) {
		if stream := c.openStream(); stream != nil && c.failed.Load() {
			c.see("receiver", "Trailer "+mdText(stream.Trailer()))
		}
	}},

	{name: "handler: SendMsg", weight: 5, streams: true, args: messageArgs, queue: byHandler, call: func(c *call, h *handlerCall, arg int) {
		m := c.newMessage(arg)
		err := c.sends(func() error { return h.stream.SendMsg(m) })
		c.see(h.observer, "SendMsg "+c.sentText(h.ctx, err))
		spoil(m)
	}},
	{name: "handler: RecvMsg", weight: 4, streams: true, queue: byHandler, call: func(c *call, h *handlerCall, _ int) {
		m := c.emptyMessage()
		if err := h.stream.RecvMsg(m); err != nil {
			c.see(h.observer, "RecvMsg "+c.atDeadline(h.ctx, err, errorText(err))+c.run.now())
			return
		}
		c.see(h.observer, "RecvMsg "+c.describe(m))
	}},
	{name: "handler: SetHeader", weight: 2, args: metadataArgs, queue: byHandler, call: func(c *call, h *handlerCall, arg int) {
		c.see(h.observer, "SetHeader "+errorText(grpc.SetHeader(h.ctx, metadatas[arg])))
	}},
	{name: "handler: SendHeader", weight: 2, args: metadataArgs, queue: byHandler, call: func(c *call, h *handlerCall, arg int) {
		err := c.sends(func() error { return grpc.SendHeader(h.ctx, metadatas[arg]) })
		c.see(h.observer, "SendHeader "+c.sentText(h.ctx, err))
	}},
	{name: "handler: SetTrailer", weight: 2, args: metadataArgs, queue: byHandler, call: func(c *call, h *handlerCall, arg int) {
		c.see(h.observer, "SetTrailer "+errorText(grpc.SetTrailer(h.ctx, metadatas[arg])))
	}},
	{name: "handler: return", weight: 6, args: resultArgs, queue: byHandler, call: func(c *call, h *handlerCall, arg int) {
		h.err, h.returned = results[arg], true
		c.see(h.observer, "returns"+c.run.now())
		h.unlock(c)
	}},
	{name: "handler: wait for the end of the context", weight: 4, queue: byHandler, call: func(c *call, h *handlerCall, _ int) {
		select {
		case <-h.ctx.Done():
			err := fmt.Sprint(h.ctx.Err(), context.Cause(h.ctx))
			c.see(h.observer, "the context ended with "+c.atDeadline(h.ctx, h.ctx.Err(), err)+c.run.now())
		case <-c.released:
		}
	}},
	{name: "handler: wait until the deadline", weight: 1, queue: byHandler, call: func(_ *call, h *handlerCall, _ int) {
		if deadline, ok := h.ctx.Deadline(); ok {
			time.Sleep(time.Until(deadline) + time.Microsecond) // A network's deadline passes a little later.
		}
	}},
	{name: "handler: compute for 2", weight: 3, queue: byHandler, call: func(c *call, _ *handlerCall, _ int) {
		for end := time.Now().Add(2 * c.unit); !c.bubble && time.Now().Before(end); {
		}
	}},
	{name: "handler: print the context", weight: 1, queue: byHandler, call: func(c *call, h *handlerCall, _ int) {
		printed := fmt.Sprintf("%v", h.ctx)
		c.see(h.observer, fmt.Sprint("prints contents: ", strings.Contains(printed, "secret"), strings.Contains(printed, "0x")))
	}},
	{name: "handler: change the peer", weight: 1, queue: byHandler, call: func(c *call, h *handlerCall, _ int) {
		if p, ok := peer.FromContext(h.ctx); ok {
			p.Addr = changedAddr{c}
			c.peerChanged.Store(true)
		}
	}},
	{name: "handler: look for labels", weight: 1, queue: byHandler, call: func(c *call, h *handlerCall, _ int) {
		c.see(h.observer, fmt.Sprint("has the labels of its caller: ", hasLabels()))
	}},
	opLock,
	{name: "handler: unlock", weight: 1, queue: byHandler, call: func(c *call, h *handlerCall, _ int) { h.unlock(c) }},
}

// metadatas are what handlers set.
var (
	metadatas    = []metadata.MD{metadata.Pairs("set", "value"), metadata.Pairs("unreadable", "\x19"), metadata.Pairs("not-ascii", "ü")}
	metadataArgs = []string{"a value", "a value with a control character", "a value that is not ASCII"}
)

// results are what handlers return.
var (
	results = []error{
		nil, status.Error(codes.DataLoss, "lost"), fmt.Errorf("plain"), status.Error(codes.Code(1<<31), "too large"),
		status.Error(codes.Canceled, "of its own"), context.DeadlineExceeded,
	}
	resultArgs = []string{"nil", "a status", "a plain error", "a status with a code that is too large", "the status Canceled", "context.DeadlineExceeded"}
)

// closeSecond closes the second client.
func (r *run) closeSecond() {
	r.secondClosed.Store(true)
	r.connection.closeSecond()
}

// stop calls f, and waits until it has returned or all goroutines are blocked.
func (r *run) stop(f func()) {
	done := make(chan struct{})
	r.stopping.Go(func() {
		defer close(done)
		f()
	})
	select {
	case <-done:
	case <-time.After(moment):
	}
}

// shutDown shuts the server down, and waits a limited time.
func (r *run) shutDown(observer string) { r.within(observer, "Shutdown", r.connection.shutDown) }

// close stops the server, and waits a limited time.
func (r *run) close(observer string) { r.within(observer, "Close", r.connection.stop) }

func (r *run) within(observer, name string, f func()) {
	if r.hasRemote() {
		return // On a network, another server has nothing to do with this one.
	}
	if r.comesLate {
		return // A Channel accepts what its running handlers call, and refuses before it looks at a context.
	}
	if !r.bubble {
		return // A network needs more time to stop, and so serves calls that a Channel refuses.
	}
	r.stopped.Store(true)
	done := make(chan struct{})
	r.leftBehind.Go(func() {
		defer close(done)
		f()
	})
	select {
	case <-done:
		r.record(observer, name+" returns"+r.now())
	case <-r.finishing:
		r.record(observer, name+" does not return")
	}
}

// collect records which contexts of calls that have ended are kept, except the last one's.
func (c *call) collect() {
	if len(c.serverInterceptors)+len(c.serverStats) > 0 {
		return // They may hold a handler, whose caller's context a Channel keeps.
	}
	c.rest()
	c.checkEvents() // On a Channel, an event that a stats handler keeps keeps the context.
	runtime.GC()
	runtime.GC()
	for _, other := range c.calls {
		if token := other.token.Load(); token != nil && other.ended.Load() && other.handlers.Load() == 0 {
			other.see("garbage", fmt.Sprint("the context is kept: ", token.Value() != nil))
		}
	}
}
