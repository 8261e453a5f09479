//go:build !race

package random_test

import (
	"context"
	"fmt"
	"runtime/pprof"
	"slices"
	"sync"
	"sync/atomic"
	"time"
	"weak"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
)

// A call is one call of a run. Its client, receiver and handler are actors.
type call struct {
	*run
	callSpec
	method
	number int

	client, receiver, handler chan task // The queues of the actors.

	over    context.Context // ends the call even if its context is detached
	endOver func()

	handling       chan struct{} // closed when the first handler has begun
	handlerContext context.Context
	handled        sync.Once

	started     bool          // Used by the client.
	opened      chan struct{} // closed when the stream is there, or never will be
	handlers    atomic.Int32  // that have not returned
	sending     atomic.Int32  // the number of calls of handlers that send something
	stream      atomic.Pointer[grpc.ClientStream]
	failed      atomic.Bool                         // RecvMsg has returned an error.
	peerChanged atomic.Bool                         // Its handler or a stats handler of the server has changed the peer.
	ended       atomic.Bool                         // Invoke has returned.
	token       atomic.Pointer[weak.Pointer[token]] // in the context of a unary call

	mu              sync.Mutex
	canceled        bool
	telling         int       // the stats handlers that are in a slow OutPayload
	end             func()    // cancels the context; nil until it is made
	deadline        time.Time // of the context; zero if there is none
	header, trailer metadata.MD
	peer            peer.Peer
}

// A task is a step for an actor.
type task struct {
	step
	taken, returned chan struct{}
}

// A token shows whether the context that has it is still in memory.
type token [64]byte

type tokenKey struct{}

func (r *run) newCall(number int, spec callSpec) *call {
	c := &call{run: r, callSpec: spec, method: methods[spec.method], number: number, handling: make(chan struct{}), opened: make(chan struct{})}
	c.client, c.receiver, c.handler = make(chan task, 64), make(chan task, 64), make(chan task, 64)
	c.over, c.endOver = context.WithCancel(r.over)
	r.actors.Go(func() { c.act("caller", c.client, moment) })
	r.actors.Go(func() { c.act("receiver", c.receiver, moment*3/4) })
	return c
}

// act makes the calls of an actor of the client. Actors rest for different times, so that no two of
// them go on at once.
func (c *call) act(actor string, queue chan task, rest time.Duration) {
	pprof.SetGoroutineLabels(pprof.WithLabels(context.Background(), pprof.Labels("caller", "labeled")))
	for t := range queue {
		close(t.taken)
		c.recovered(actor, func() { t.op.call(c, nil, t.arg) })
		if t.then == rested {
			time.Sleep(rest)
		}
		close(t.returned)
	}
}

// recovered calls f, and recovers from a panic of a client's stats handler.
func (c *call) recovered(actor string, f func()) {
	defer func() {
		if problem := recover(); problem != nil {
			c.see(actor, fmt.Sprint("panic: ", problem))
		}
	}()
	f()
}

// see records what an observer of the call sees.
func (c *call) see(observer, seen string) {
	c.record(fmt.Sprintf("call %d, %s", c.number, observer), seen)
}

func (c *call) conn() grpc.ClientConnInterface {
	return c.connection.conn(c.callSpec.client, c.callSpec.method)
}

// invoke makes a unary call.
func (c *call) invoke(arg int) {
	if c.started {
		return
	}
	c.started = true
	ctx := c.makeContext()
	kept := new(token)
	pointer := weak.Make(kept)
	c.token.Store(&pointer)
	req, reply := c.newMessage(arg), c.emptyMessage()
	err := c.conn().Invoke(context.WithValue(ctx, tokenKey{}, kept), c.fullMethod, req, reply, c.callOptions()...)
	c.see("caller", "Invoke "+c.errorText(err)+c.now())
	if err == nil {
		c.see("caller", c.describe(reply))
	}
	spoil(req)
	c.ended.Store(true)
}

// open opens a stream.
func (c *call) open() {
	if c.started {
		return
	}
	c.started = true
	defer close(c.opened)
	desc := &grpc.StreamDesc{ClientStreams: c.clientStreams, ServerStreams: c.serverStreams}
	stream, err := c.conn().NewStream(c.makeContext(), desc, c.fullMethod, c.callOptions()...)
	c.see("caller", "NewStream "+c.errorText(err)+c.now())
	if err == nil {
		c.stream.Store(&stream)
	}
}

// makeContext returns the context of the call.
func (c *call) makeContext() context.Context {
	made := callContexts[c.context]
	if made.unaryOnly && !c.unary {
		made = callContexts[0]
	}
	ctx, stop := made.make(c.parentContext(), c.unit)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.end = stop
	c.deadline, _ = ctx.Deadline()
	if c.canceled {
		stop()
	}
	return metadata.NewOutgoingContext(ctx, metadata.Pairs("call", fmt.Sprint(c.number), "key", "secret"))
}

func (c *call) parentContext() context.Context {
	if c.parent == noParent || c.number == 0 {
		return context.Background()
	}
	before := c.calls[c.number-1]
	select {
	case <-before.handling:
	default:
		defer time.Sleep(moment / 4) // It does not race with the first steps of the handler.
	}
	if !c.await(before.handling) || c.stopped.Load() { // After Shutdown, only a Channel accepts nested calls.
		return context.Background()
	}
	if c.parent == detached {
		return context.WithoutCancel(before.handlerContext)
	}
	return before.handlerContext
}

// cancel ends the context of the call. A network's unary RPC does not learn of that before its client's
// stats handlers have returned from OutPayload, so the context ends afterwards; see docs/differences.md.
func (c *call) cancel() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.canceled = true
	if c.end != nil && c.telling == 0 {
		c.end()
	}
}

// tell calls a client's stats handler that takes some time in OutPayload of a unary RPC.
func (c *call) tell(handle func()) {
	c.mu.Lock()
	c.telling++
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.telling--; c.canceled && c.telling == 0 {
			c.end()
		}
	}()
	handle()
}

// now returns the time for the call's client. If it may have to wait for a stats handler of the server,
// now says only whether the deadline has passed; see docs/differences.md.
func (c *call) now() string {
	if !slices.ContainsFunc(c.serverStats, behavior.delaysResponse) {
		return c.run.now()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.bubble && !c.deadline.IsZero() && time.Since(c.deadline) >= c.unit/2 {
		return " after the deadline"
	}
	return ""
}

// recordResults records the variables of the call options.
func (c *call) recordResults() {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := c.peerText(&c.peer)
	if p == "changed" {
		p = "usual" // Only a network's option has what the RPC's own stats handlers changed.
	}
	trailer := mdText(c.trailer)
	if c.mayMissTrailer() {
		trailer = "or not"
	}
	c.see("options", "header "+mdText(c.header)+" trailer "+trailer+" peer "+p)
}

// openStream waits for the stream of the call. It returns nil if there is none.
func (c *call) openStream() grpc.ClientStream {
	select {
	case <-c.opened:
	case <-c.released:
	}
	if stream := c.stream.Load(); stream != nil {
		return *stream
	}
	return nil
}

// A callContext makes the context of a call from its parent.
type callContext struct {
	name      string
	make      func(parent context.Context, unit time.Duration) (context.Context, func())
	unaryOnly bool // It cannot end a stream.
}

func withCancel(parent context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancel(parent)
	return ctx, cancel
}

// withDeadlineIn returns a context with a deadline in about one unit. grpc-go sends it to the server in
// microseconds, rounded up, so that the client's passes first, as it nearly always does on a network.
func withDeadlineIn(parent context.Context, unit time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(parent, unit+1)
}

var callContexts = []callContext{
	{"no deadline", func(parent context.Context, _ time.Duration) (context.Context, func()) { return withCancel(parent) }, false},
	{"deadline in 1", func(parent context.Context, unit time.Duration) (context.Context, func()) {
		ctx, cancel := withDeadlineIn(parent, unit)
		return ctx, cancel
	}, false},
	{"deadline passed", func(parent context.Context, unit time.Duration) (context.Context, func()) {
		ctx, cancel := context.WithTimeout(parent, -unit)
		return ctx, cancel
	}, false},
	{"canceled", func(parent context.Context, _ time.Duration) (context.Context, func()) {
		ctx, cancel := context.WithCancel(parent)
		cancel()
		return ctx, cancel
	}, false},
	{"Err without Done", func(parent context.Context, _ time.Duration) (context.Context, func()) {
		return noDone{context.WithoutCancel(parent)}, func() {}
	}, true},
}

// A noDone is a context that has ended, and that has no channel and no deadline.
type noDone struct{ context.Context }

func (noDone) Done() <-chan struct{} { return nil }
func (noDone) Err() error            { return context.Canceled }
