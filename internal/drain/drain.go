// Package drain lets a channel's RPCs run out: those in flight end, new ones
// are refused.
package drain

import (
	"context"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// ErrDraining is what a refused RPC gets.
var ErrDraining = status.Error(codes.Unavailable, "inprocchain: the channel is shut down; make RPCs before Shutdown, or on a new Channel")

// A Gate counts the RPCs that are in flight. The zero Gate is open.
type Gate struct {
	inFlight atomic.Int64
	draining atomic.Bool

	mu   sync.Mutex
	idle chan struct{} // closed once draining with none in flight
}

// Enter counts an RPC, refused or not, until Leave.
func (g *Gate) Enter() { g.inFlight.Add(1) }

// Leave ends what Enter began.
func (g *Gate) Leave() {
	if g.inFlight.Add(-1) == 0 && g.draining.Load() {
		g.settle()
	}
}

// Draining reports whether RPCs are refused.
func (g *Gate) Draining() bool { return g.draining.Load() }

// Drain refuses RPCs from now on and waits for those in flight, or until ctx
// ends, whose error it then returns. It may be called again, and concurrently.
func (g *Gate) Drain(ctx context.Context) error {
	idle := g.close()
	select {
	case <-idle:
		return nil
	default:
	}
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (g *Gate) close() <-chan struct{} {
	g.mu.Lock()
	if g.idle == nil {
		g.idle = make(chan struct{})
	}
	idle := g.idle
	g.mu.Unlock()
	// Order matters: who enters before this is seen below, who enters after it is refused.
	g.draining.Store(true)
	if g.inFlight.Load() == 0 {
		g.settle()
	}
	return idle
}

func (g *Gate) settle() {
	g.mu.Lock()
	defer g.mu.Unlock()
	select {
	case <-g.idle:
	default:
		close(g.idle)
	}
}
