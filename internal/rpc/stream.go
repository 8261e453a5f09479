package rpc

import (
	"context"
	"sync"
)

// A streamRPC is what both halves of a streaming RPC share. The lock of response
// guards its fields that change, and those of the queues.
//
// The context of a handler, which it may keep, keeps the streamRPC. So each queue
// belongs to the half that receives from it, and the streamRPC refers to the halves
// only until the RPC ends.
type streamRPC struct {
	response responseState

	caller     *clientStream // nil once the RPC has ended
	handler    *serverStream // nil once the RPC has ended
	unreleased *clientStream // the caller, between the end and its release

	waiting  sync.Cond // for the header or the end
	released bool      // The client may see that the server has ended the RPC.
}

// makeCancelable sets what cancel uses, which may be called as soon as the RPC has
// been accepted.
func (rpc *streamRPC) makeCancelable(caller *clientStream) {
	rpc.response.makeCancelable(rpc)
	rpc.waiting.L = &rpc.response.mu
	caller.received.init(&rpc.response.mu)
	rpc.caller = caller
}

// serveBy gives the RPC its handler's half, unless it has ended already.
func (rpc *streamRPC) serveBy(handler *serverStream) {
	rpc.response.mu.Lock()
	defer rpc.response.mu.Unlock()
	if rpc.response.ended == notEnded {
		rpc.handler = handler
	}
}

// changed wakes those who wait for the header or the end. It is called under the
// lock.
func (rpc *streamRPC) changed() {
	rpc.waiting.Broadcast()
	if rpc.response.ended == notEnded {
		return
	}
	if rpc.caller != nil {
		rpc.caller.received.wake()
	}
	if rpc.handler != nil {
		rpc.handler.received.drop()
		rpc.handler.received.wake()
	}
	rpc.unreleased, rpc.caller, rpc.handler = rpc.caller, nil, nil
}

// release lets the caller see that the server has ended the RPC.
func (rpc *streamRPC) release() {
	rpc.response.mu.Lock()
	defer rpc.response.mu.Unlock()
	rpc.released = true
	rpc.waiting.Broadcast()
	if rpc.unreleased != nil {
		rpc.unreleased.received.wake()
		rpc.unreleased = nil
	}
}

// isOver reports whether the client may see that the RPC has ended. It is called
// under the lock.
func (rpc *streamRPC) isOver() bool {
	return rpc.response.ended != notEnded && (rpc.response.ended != byServer || rpc.released)
}

// cancel ends the RPC when the Channel is closed.
func (rpc *streamRPC) cancel(err error) { rpc.response.end(byConnection, err, context.Canceled) }
