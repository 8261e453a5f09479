package rpc

import (
	"context"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc/metadata"

	"github.com/inprocchain/inprocchain/internal/message"
)

// A transportStream is what both halves of an RPC share: the header and the trailer that
// the handler sends back, the status, and who ended the RPC. Each operation on it is one
// critical section. The rules are those of grpc-go's internal/transport/server_stream.go
// and http2_server.go.
//
// Whoever ends the RPC on the server's side, or delivers something to the caller, calls noticeEnd first.
type transportStream struct {
	format        *format            // of the messages
	clientConn    *ClientConn        // that the RPC is made on; nil if it is the Channel
	cancelHandler context.CancelFunc // ends the handler's context

	caller  atomic.Pointer[clientCall] // nil once the handler has returned, since its context may be kept
	claimed atomic.Bool                // The handler's goroutine has been started, or never will be.

	mu sync.Mutex // guards the fields below

	listener listener // nil once the RPC is over

	header   metadata.MD  // as the handler has set it
	response message.Copy // of a unary RPC, until its caller takes it
	trailer  metadata.MD  // as the handler has set it
	arrived  metadata.MD  // the trailer as it arrives after a header
	status   error        // as the client receives it

	headerSent     bool
	headerLost     bool // The client cannot read the header that was sent.
	hasResponse    bool
	trailersOnly   bool // The client receives the trailer without a header.
	trailerArrived bool // The client can read the trailer.

	asking   int32 // goroutines that ask the caller's context whether it has ended
	ended    endedBy
	released bool // The caller need not wait for the server any more.
}

// A listener is told, under the lock, that a header has been sent, that the RPC has ended,
// or that its caller need not wait any more.
type listener interface{ changed() }

// endedBy says what ended an RPC. The first one that sets it ends the RPC, and whatever
// either side sees afterwards follows from it.
type endedBy uint8

const (
	notEnded     endedBy = iota
	byServer             // with a status; the only one after which the caller may have to wait
	byClient             // whose context ended, or which has found an error of its own
	byNetwork            // that does not carry the header of the handler
	byConnection         // whose Channel or ClientConn has been closed
)

// callerContext returns the context of the caller, or nil once the handler has returned.
func (t *transportStream) callerContext() context.Context {
	caller := t.caller.Load()
	if caller == nil {
		return nil
	}
	return caller.ctx
}

// abandon ends the RPC for a caller that cannot wait: if the server has ended it, the caller
// does not wait for the server's stats handlers either.
func (t *transportStream) abandon(by endedBy, received error) {
	if !t.end(by, received) {
		t.release()
	}
}

// end ends the RPC for another reason than a status of its server. It reports false if the
// RPC has ended already. received is the status that the client receives.
func (t *transportStream) end(by endedBy, received error) bool {
	t.mu.Lock()
	hasEnded := t.ended != notEnded
	if !hasEnded {
		t.ended, t.status = by, received
		t.change()
	}
	t.mu.Unlock()
	if hasEnded {
		return false
	}
	t.cancelHandler()
	return true
}

// release lets the caller leave, because the server's stats handlers have seen the end, or
// because the caller cannot wait for that.
func (t *transportStream) release() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.released = true
	t.change()
}

// claim reports whether it is called for the first time. Who claims the handler's goroutine
// decides whether it is started.
func (t *transportStream) claim() bool { return !t.claimed.Swap(true) }

// change tells the listener. The caller holds the lock.
func (t *transportStream) change() {
	if t.listener == nil {
		return
	}
	t.listener.changed()
	if t.isOver() {
		t.listener = nil
	}
}

// isSettled reports whether the RPC has ended and the server is not to be waited for. The
// caller holds the lock.
func (t *transportStream) isSettled() bool {
	return t.ended == byServer && t.released || t.ended > byServer
}

// isOver reports whether the caller may leave: the RPC is settled, and nobody asks the caller's
// context. From then on nobody does. The caller holds the lock.
func (t *transportStream) isOver() bool { return t.asking == 0 && t.isSettled() }
