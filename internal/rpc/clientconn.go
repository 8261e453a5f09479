package rpc

import (
	"context"
	"sync/atomic"

	"github.com/inprocchain/inprocchain/internal/wire"
)

// A ClientConn is what the RPCs that are made on a [grpc.ClientConn] have in common: they
// end when it is closed. A nil ClientConn stands for RPCs that are made on the Channel.
type ClientConn struct {
	isClosed atomic.Bool
	closed   chan struct{} // closed when isClosed
	inFlight *InFlight
}

// clientShards is the number of shards of a client, of which there may be many.
const clientShards = 8

// NewClientConn returns a ClientConn that is open.
func NewClientConn() *ClientConn {
	return &ClientConn{closed: make(chan struct{}), inFlight: newInFlight(clientShards)}
}

// Close ends the RPCs in flight, and all later ones, with wire.ErrClientConnClosing. It
// does not wait for them.
func (c *ClientConn) Close() {
	if !c.isClosed.Swap(true) {
		close(c.closed)
	}
	c.inFlight.cancelAll(wire.ErrClientConnClosing)
}

// IsClosed reports whether Close has been called.
func (c *ClientConn) IsClosed() bool { return c != nil && c.isClosed.Load() }

// done returns a channel that is closed by Close.
func (c *ClientConn) done() <-chan struct{} {
	if c == nil {
		return nil
	}
	return c.closed
}

// watch has rpc canceled when the ClientConn is closed, until the result leaves.
func (c *ClientConn) watch(ctx context.Context, rpc cancelableRPC) *Entry {
	if c == nil {
		return nil
	}
	entry := new(Entry)
	if c.inFlight.Enter(ctx, entry, rpc) != nil {
		rpc.cancel(wire.ErrClientConnClosing)
	}
	return entry
}
