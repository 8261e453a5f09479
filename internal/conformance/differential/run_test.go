package differential_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"

	"github.com/inprocchain/inprocchain"
)

// A run is one execution of a program on one side.
type run struct {
	*recorder
	program program
	side    side
	connection
	results callResults

	ctx      context.Context // the client's
	cancel   context.CancelFunc
	stream   grpc.ClientStream
	started  bool
	free     bool // to run without steps; see playFreely
	received bool // RecvMsg has returned an error

	mu       sync.Mutex
	busy     [actors]bool
	handlers []*handlerCall
	sent     int // messages, by either side
	releases []func()
}

// An actor makes one call at a time. The environment has no goroutine, because its calls
// never block.
type actor int

const (
	environment actor = iota
	clientSender
	clientReceiver
	server
	handlerSender
	handlerReceiver
	actors
)

var actorNames = [actors]string{"environment", "client", "client's receiver", "server", "handler", "handler's receiver"}

// An op is a call that an actor can make.
type op struct {
	name   string
	actor  actor
	args   []string // the choices of its argument; nil if it has none
	weight int      // the relative frequency in programs
	kind   opKind   // the methods that have the op
	// possible reports whether the call can be made now. Otherwise the step is skipped. A
	// step is also skipped if its actor is still in an earlier call.
	possible func(r *run) bool
	call     func(r *run, h *handlerCall, arg int) // h is nil for an actor that is not a handler's
}

// An opKind says which methods have an op.
type opKind int

const (
	anyMethod opKind = iota
	onlyStreams
	onlyUnary
)

// execute runs the program in a bubble and returns its outcome.
func execute(t *testing.T, p program, s side) outcome {
	r := &run{recorder: new(recorder), program: p, side: s}
	return r.inBubble(t, r.play)
}

// inBubble calls play in a bubble and returns the outcome. The bubble panics if a goroutine
// waits forever, or remains after everything is closed.
func (r *run) inBubble(t *testing.T, play func()) (observed outcome) {
	defer func() {
		if problem := recover(); problem != nil {
			r.record("the bubble", "panic", "value", fmt.Sprint(problem))
			observed = outcomeOf(r.events)
		}
	}()
	synctest.Test(t, func(*testing.T) {
		play()
		for _, release := range r.releases {
			release()
		}
	})
	return outcomeOf(r.events)
}

// atEnd has release called when the program is over.
func (r *run) atEnd(release func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.releases = append(r.releases, release)
}

func (r *run) play() {
	r.begin = time.Now()
	r.connection = r.side.open(inprocchain.NewChain(r.chain()...), r.register)
	r.ctx, r.cancel = contexts[r.program.context](r)
	synctest.Wait()
	for _, s := range r.program.steps {
		r.take(s)
	}
	// End everything that the program has not ended.
	r.take(step{opCancel, 0})
	r.endHandlers()
	r.nextStep()
	r.recordResults()
	r.shutDown() // It waits for all RPCs, so none is left when the connection is closed.
	if r.close != nil {
		r.close()
	}
	r.cancel()
}

// take makes the call of a step and waits until all goroutines are blocked.
func (r *run) take(s step) {
	r.nextStep()
	actor := s.op.actor
	if !r.enter(actor) {
		return
	}
	if s.op.possible != nil && !s.op.possible(r) {
		r.leave(actor)
		return
	}
	if actor == environment {
		s.op.call(r, nil, s.arg)
		r.leave(actor)
		synctest.Wait()
		return
	}
	go func() {
		defer r.leave(actor)
		defer func() {
			if problem := recover(); problem != nil {
				r.record(actorNames[actor], "panic", "value", fmt.Sprint(problem))
			}
		}()
		s.op.call(r, r.handler(), s.arg)
	}()
	synctest.Wait()
	if r.isBusy(actor) {
		r.record(actorNames[actor], "waits", "in", s.op.name)
	}
}

func (r *run) enter(a actor) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.busy[a] {
		return false
	}
	r.busy[a] = true
	return true
}

func (r *run) leave(a actor) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.busy[a] = false
}

func (r *run) isBusy(a actor) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.busy[a]
}

// nextMessage returns the message of a step, with a new number.
func (r *run) nextMessage(arg int) any {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sent++
	return messageTypes[r.program.messages].message(arg, r.sent)
}

func (r *run) method() method { return methods[r.program.method] }

func (r *run) newMessage() any { return messageTypes[r.program.messages].empty() }

// ops are the calls in random programs.
var ops = []*op{
	opClientSend, opCloseSend, opClientReceive, opClientHeader, opClientTrailer, opCancel, opSleep, opCloseConnection, opShutdown,
	opHandlerSend, opHandlerReceive, opStreamSetHeader, opStreamSendHeader, opStreamSetTrailer,
	opSetHeader, opSendHeader, opSetTrailer, opHandlerContext, opReturnError, opReturnBoth, opReturnMessage,
}

var (
	opCancel = &op{
		name:   "cancel the client's context",
		weight: 2,
		call:   func(r *run, _ *handlerCall, _ int) { r.cancel() },
	}
	opCloseConnection = &op{
		name:     "close the client's connection",
		weight:   1,
		possible: func(r *run) bool { return r.close != nil },
		call:     func(r *run, _ *handlerCall, _ int) { _ = r.close() }, // It returns an error if the connection was already closed.
	}
	opShutdown = &op{
		name:   "shut the server down",
		actor:  server,
		weight: 1,
		call: func(r *run, _ *handlerCall, _ int) {
			r.shutDown()
			r.record("server", "shut down")
		},
	}
	opSleep = &op{
		name:   "600 ms pass",
		weight: 2,
		call:   func(*run, *handlerCall, int) { time.Sleep(600 * time.Millisecond) },
	}
)
