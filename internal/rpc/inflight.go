package rpc

import (
	"context"
	"fmt"
	"maps"
	"math/bits"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

var (
	errShutDown = status.Error(codes.Unavailable, "inprocchain: the channel is shut down; make RPCs before Shutdown or Close, or on a new Channel")
	errClosed   = status.Error(codes.Unavailable, "error reading from server: EOF: the Channel was closed")
)

// InFlight is the RPCs that have been accepted and are not over. It refuses new
// ones once it is draining.
//
// The RPCs are spread over shards, each with a lock and a list of its own, so that
// RPCs on different cores seldom write to the same cache line
// (BenchmarkInFlight).
type InFlight struct {
	shards []shard
}

type shard struct {
	mu       sync.Mutex
	first    *Entry
	draining bool
	closed   bool          // draining, and what running handlers start is refused too
	idle     chan struct{} // closed when the shard is draining and empty; nil if nobody waits
	_        [64]byte      // Adjacent shards do not share a cache line.
}

// An Entry is an RPC that Enter was asked to accept.
type Entry struct {
	rpc            cancelableRPC // nil once it has left
	shard          *shard        // nil if it was refused
	previous, next *Entry
}

// A cancelableRPC is an RPC that Close ends.
type cancelableRPC interface {
	// Method returns the full method.
	Method() string

	// cancel ends the RPC, unless it has ended: its handler's context with
	// Canceled, and its client with err. It does not wait.
	cancel(err error)
}

// NewInFlight returns an InFlight that accepts RPCs.
func NewInFlight() *InFlight {
	// Four times as many shards as cores make it rare that two cores choose one.
	return newInFlight(1 << bits.Len(uint(4*runtime.GOMAXPROCS(0)-1)))
}

// newInFlight returns an InFlight with count shards, a power of two.
func newInFlight(count int) *InFlight { return &InFlight{shards: make([]shard, count)} }

// Enter accepts an RPC that is made with ctx, until Leave, or returns the status
// of an RPC that is refused. While it is draining, it accepts only the RPCs that a
// handler in flight makes with its own context.
func (f *InFlight) Enter(ctx context.Context, e *Entry, rpc cancelableRPC) error {
	e.rpc = rpc
	s := &f.shards[rand.Uint64()&uint64(len(f.shards)-1)]
	s.mu.Lock()
	if !s.draining {
		s.link(e)
		s.mu.Unlock()
		return nil
	}
	s.mu.Unlock()
	for handler := range handlersOf(ctx) {
		if f.enterBeside(&handler.entry, e) {
			return nil
		}
	}
	return errShutDown
}

// refusal returns the error that Enter would return now.
func (f *InFlight) refusal(ctx context.Context) error {
	s := &f.shards[0] // Drain and Close begin with this one.
	s.mu.Lock()
	isDraining := s.draining
	s.mu.Unlock()
	if !isDraining {
		return nil
	}
	for handler := range handlersOf(ctx) {
		if f.isInFlight(&handler.entry) {
			return nil
		}
	}
	return errShutDown
}

// isInFlight reports whether the RPC of a handler has been accepted and has not left.
func (f *InFlight) isInFlight(e *Entry) bool {
	s := e.shard
	if s == nil || !f.has(s) {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return e.rpc != nil && !s.closed
}

// enterBeside accepts an RPC whose caller is the handler of parent, if that is in
// flight here. Both are then in one shard, which is not idle between them.
func (f *InFlight) enterBeside(parent, e *Entry) bool {
	s := parent.shard
	if s == nil || !f.has(s) {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if parent.rpc == nil || s.closed {
		return false
	}
	s.link(e)
	return true
}

func (f *InFlight) has(s *shard) bool {
	for i := range f.shards {
		if s == &f.shards[i] {
			return true
		}
	}
	return false
}

func (s *shard) link(e *Entry) {
	e.shard = s
	if e.next = s.first; e.next != nil {
		e.next.previous = e
	}
	s.first = e
}

// Leave ends what Enter began. It does nothing for an RPC that was refused or has left,
// and for a nil Entry.
func (e *Entry) Leave() {
	if e == nil || e.shard == nil {
		return
	}
	s := e.shard
	s.mu.Lock()
	defer s.mu.Unlock()
	if e.rpc == nil {
		return
	}
	if e.previous != nil {
		e.previous.next = e.next
	} else {
		s.first = e.next
	}
	if e.next != nil {
		e.next.previous = e.previous
	}
	e.previous, e.next, e.rpc = nil, nil, nil
	if s.first == nil && s.idle != nil {
		close(s.idle)
		s.idle = nil
	}
}

// Drain refuses RPCs from now on and waits for those in flight. If ctx ends first,
// it returns an error that wraps that of ctx and names the methods in flight. It
// may be called again, and concurrently.
func (f *InFlight) Drain(ctx context.Context) error {
	for i := range f.shards {
		f.shards[i].drain(false)
	}
	for i := range f.shards {
		select {
		case <-f.shards[i].waitIdle():
		case <-ctx.Done(): // Both may be ready.
			if names := f.names(); names != "" {
				return fmt.Errorf("%w; in flight: %s", ctx.Err(), names)
			}
		}
	}
	return nil
}

// Close refuses RPCs from now on, cancels those in flight, and waits for them.
func (f *InFlight) Close() {
	f.cancelAll(errClosed)
	for i := range f.shards {
		<-f.shards[i].waitIdle()
	}
}

// cancelAll refuses RPCs from now on, and cancels those in flight.
func (f *InFlight) cancelAll(err error) {
	for i := range f.shards {
		for _, rpc := range f.shards[i].drain(true) {
			rpc.cancel(err)
		}
	}
}

// drain refuses RPCs from now on. If they are to be canceled, it returns those in
// flight, after which no other enters.
func (s *shard) drain(cancel bool) (inFlight []cancelableRPC) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.draining = true
	if !cancel {
		return nil
	}
	s.closed = true
	for e := s.first; e != nil; e = e.next {
		inFlight = append(inFlight, e.rpc)
	}
	return inFlight
}

// waitIdle returns a channel that is closed once the shard is empty. It must be
// draining.
func (s *shard) waitIdle() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.first == nil {
		return closedChannel
	}
	if s.idle == nil {
		s.idle = make(chan struct{})
	}
	return s.idle
}

var closedChannel = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// names returns the methods in flight, each with the number of its RPCs, as in
// "/flags.v1.Flags/List (1), /flags.v1.Flags/Watch (2)".
func (f *InFlight) names() string {
	counts := map[string]int{}
	for i := range f.shards {
		f.shards[i].count(counts)
	}
	names := make([]string, 0, len(counts))
	for _, method := range slices.Sorted(maps.Keys(counts)) {
		names = append(names, fmt.Sprintf("%s (%d)", method, counts[method]))
	}
	return strings.Join(names, ", ")
}

func (s *shard) count(counts map[string]int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for e := s.first; e != nil; e = e.next {
		counts[e.rpc.Method()]++
	}
}
