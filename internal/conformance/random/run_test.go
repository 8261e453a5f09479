//go:build !race

package random_test

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// A clock says how time passes for a program.
type clock struct {
	name   string
	bubble bool
	unit   time.Duration // of sleeps and deadlines
	runs   int           // how often a program is run before its outcomes are compared
	busy   bool
}

var clocks = []clock{
	{name: "in a bubble", bubble: true, unit: 100 * time.Millisecond, runs: 40},
	{name: "in real time on one processor", unit: 5 * time.Millisecond, runs: 20},
	{name: "in real time on busy processors", unit: 5 * time.Millisecond, runs: 20, busy: true},
}

// moment is how long a step may take until the next one begins. In a bubble it passes
// only if all goroutines are blocked.
const moment = time.Millisecond

// A run is one execution of a program on one side.
type run struct {
	program
	clock
	recorder
	begin     time.Time
	side      side
	comesLate bool // what program.mayComeLate reports
	connection
	calls        []*call
	serveOthers  func(*handlerCall) error // handles RPCs that are no calls of the program; may be nil
	released     chan struct{}            // closed when what waits for it goes on
	release      func()
	waiting      atomic.Int32  // the number of goroutines that have waited for that
	lock         chan struct{} // of the application; holds a value while it is locked
	actors       sync.WaitGroup
	handlers     []*statsHandler
	stopping     sync.WaitGroup
	secondClosed atomic.Bool // The second client has been closed.
	stopped      atomic.Bool // The server or a client has been stopped.

	finishing  chan struct{} // closed at the end: nobody waits any more for the server to stop
	leftBehind sync.WaitGroup
	over       context.Context // ends when finishing is closed
	endOver    func()
}

// whenOver has f called when the context of overOf ends.
func (r *run) whenOver(ctx context.Context, f func()) { context.AfterFunc(r.overOf(ctx), f) }

// overOf returns a context that ends when the call that is made with ctx must end, or the run if there is
// none.
func (r *run) overOf(ctx context.Context) context.Context {
	md, ok := metadata.FromOutgoingContext(ctx)
	if c := r.callOf(md, ok); c != nil {
		return c.over
	}
	return r.over
}

// patience is how long a run may take in real time. Then it hangs.
const patience = 8 * time.Second

// execute runs the program and returns its outcome.
func execute(t *testing.T, p program, s side) outcome {
	r := &run{program: p, clock: clocks[p.clock], side: s, comesLate: p.mayComeLate()}
	if p.unhurried && !r.bubble {
		r.unit *= 4
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			if problem := recover(); problem != nil {
				r.record("the run", fmt.Sprint("panic: ", problem))
			}
		}()
		if r.bubble {
			synctest.Test(t, func(*testing.T) { r.play() })
			return
		}
		if !r.busy {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
		}
		r.play()
	}()
	select {
	case <-done:
	case <-time.After(patience):
		r.record("the run", "hangs")
	}
	return r.outcome()
}

func (r *run) play() {
	r.begin = time.Now()
	r.released, r.finishing, r.lock = make(chan struct{}), make(chan struct{}), make(chan struct{}, 1)
	r.release = sync.OnceFunc(func() { close(r.released) })
	r.over, r.endOver = context.WithCancel(context.Background())
	if r.busy {
		defer r.load()()
	}
	r.connection = r.side.open(r)
	for i, spec := range r.program.calls {
		r.calls = append(r.calls, r.newCall(i, spec))
	}
	r.connection.connect()
	r.warmUp()
	r.rest()
	r.begin = time.Now()
	for _, s := range r.steps {
		r.take(s)
	}
	r.end()
}

// warmUp makes an RPC on each connection, so that no call of the program is the first one.
func (r *run) warmUp() {
	for i := range r.clients {
		ctx, cancel := context.WithTimeout(context.Background(), 3*r.unit)
		_ = r.clients[i].Invoke(ctx, asideMethod, new(wrapperspb.StringValue), new(wrapperspb.StringValue))
		cancel()
	}
}

// load keeps all processors busy until the returned function is called.
func (r *run) load() (stop func()) {
	var stopped atomic.Bool
	for range 2 * runtime.GOMAXPROCS(0) {
		go func() {
			for !stopped.Load() {
				for begun := time.Now(); time.Since(begun) < 200*time.Microsecond; {
				}
				runtime.Gosched()
			}
		}()
	}
	return func() { stopped.Store(true) }
}

// take has the actor of a step make its call, and waits as the step says.
func (r *run) take(s step) {
	c := r.calls[s.call]
	queue := s.op.queue(c)
	if queue == nil {
		s.op.call(c, nil, s.arg)
		if s.then == rested {
			r.rest()
		}
		return
	}
	t := task{s, make(chan struct{}), make(chan struct{})}
	select {
	case queue <- t:
	default:
		return // The actor has too much to do.
	}
	until := t.returned
	if s.then == begun {
		until = t.taken
	}
	select {
	case <-until:
	case <-time.After(moment):
	}
	if s.then == rested {
		r.rest()
	}
}

// await waits for done, or until release has been called, and then reports false. Those that have
// waited for release go on one after the other. Together, they would race, and a Channel
// often has another winner than a network, because it is faster.
func (r *run) await(done <-chan struct{}) bool {
	number := r.waiting.Add(1)
	select {
	case <-done:
		return true
	case <-r.released:
		time.Sleep(time.Duration(number) * moment)
		return false
	}
}

// pass lets almost one unit pass, so that what is due at the same time as a deadline
// comes before it.
func (r *run) pass() { time.Sleep(r.unit * 9 / 10) }

// rest waits until all goroutines are blocked.
func (r *run) rest() {
	if r.bubble {
		synctest.Wait()
		return
	}
	time.Sleep(3 * moment)
}

// end ends what the program has not ended.
func (r *run) end() {
	r.rest()
	time.Sleep(2 * r.unit) // Deadlines pass.
	r.rest()
	r.release()
	time.Sleep(3 * r.unit) // for those that are late
	r.rest()
	for _, c := range slices.Backward(r.calls) { // A nested call ends before its parent.
		close(c.handler)
		time.Sleep(2 * r.unit) // for stats handlers that take time
		r.rest()
	}
	for _, c := range r.calls {
		c.cancel()
		close(c.client)
		close(c.receiver)
	}
	r.rest()
	close(r.finishing)
	r.rest()
	r.endOver()
	r.actors.Wait()
	r.stopping.Wait()
	time.Sleep(4 * r.unit) // for interceptors that return later
	r.rest()
	for _, c := range r.calls {
		c.recordResults()
	}
	r.connection.close()
	r.leftBehind.Wait()
	r.checkEvents()
}

// now returns the time in units, or nothing if the clock is not exact.
func (r *run) now() string {
	if !r.bubble {
		return ""
	}
	return fmt.Sprintf(" after %d", time.Since(r.begin).Round(r.unit)/r.unit)
}
