package rpc

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain/internal/message"
	"github.com/inprocchain/inprocchain/internal/wire"
)

// A transportStream is what both halves of an RPC share: the header and the trailer that
// the handler sends back, the status, and who ended the RPC. Each operation on it is one
// critical section. The rules are those of grpc-go's internal/transport/server_stream.go
// and http2_server.go.
//
// Whoever ends the RPC, or delivers something to the caller, calls noticeEnd first.
type transportStream struct {
	format        *format            // of the messages
	clientConn    *ClientConn        // that the RPC is made on; nil if it is the Channel
	cancelHandler context.CancelFunc // ends the handler's context

	caller atomic.Pointer[clientCall] // nil once the handler has returned, since its context may be kept

	mu sync.Mutex // guards the fields below

	asking   int      // goroutines that ask the caller's context whether it has ended
	listener listener // nil once the RPC is over

	header   metadata.MD  // as the handler has set it
	response message.Copy // of a unary RPC, until its caller takes it
	trailer  metadata.MD  // as the handler has set it
	arrived  metadata.MD  // the trailer as it arrives after a header
	status   error        // as the client receives it

	headerSent      bool
	headerLost      bool // The client cannot read the header that was sent.
	hasResponse     bool
	trailersOnly    bool // The client receives the trailer without a header.
	trailerArrived  bool // The client can read the trailer.
	trailerReceived bool // The client can also read the header that came before.

	ended    endedBy
	released bool // The caller need not wait for the server any more.
	claimed  bool // The handler's goroutine has been started, or never will be.
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

// cancel ends the RPC when its ClientConn is closed.
func (t *transportStream) cancel(err error) { t.abandon(byConnection, err) }

// unlockForHandler unlocks for the handler's side. If the handler learns that its caller has gone,
// its context has ended before, as on a network.
func (t *transportStream) unlockForHandler() {
	hasEnded := t.ended > byServer
	t.mu.Unlock()
	if hasEnded {
		t.cancelHandler()
	}
}

// claim reports whether it is called for the first time. Who claims the handler's goroutine
// decides whether it is started.
func (t *transportStream) claim() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	isFirst := !t.claimed
	t.claimed = true
	return isFirst
}

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

// setHeader adds to the header.
func (t *transportStream) setHeader(md metadata.MD) error {
	if md.Len() == 0 {
		return nil
	}
	t.mu.Lock()
	defer t.unlockForHandler()
	if t.headerSent || t.isDone() {
		return wire.ErrHeaderSent
	}
	t.header = metadata.Join(t.header, md)
	return nil
}

// setTrailer adds to the trailer.
func (t *transportStream) setTrailer(md metadata.MD) error {
	if md.Len() == 0 {
		return nil
	}
	t.mu.Lock()
	defer t.unlockForHandler()
	if t.isDone() {
		return wire.ErrHeaderSent
	}
	t.trailer = metadata.Join(t.trailer, md)
	return nil
}

// errHeaderLost is what sendHeader returns for a header that the client cannot read. The
// caller ends the RPC with loseHeader.
var errHeaderLost = errors.New("the client cannot read the header")

// sendHeader adds to the header and sends it. It returns the header, which is not nil if it
// was sent. If it has been sent before, the error is ifSent.
func (t *transportStream) sendHeader(md metadata.MD, ifSent error) (header metadata.MD, err error) {
	t.noticeEnd()
	t.mu.Lock()
	defer t.unlockForHandler()
	err = t.endedStatus()
	switch {
	case t.isDone():
		return nil, err
	case t.headerSent:
		return nil, ifSent
	case err != nil: // The connection is closed, which comes out only after this.
		t.headerSent, t.headerLost = true, true
		return nil, err
	}
	if t.header == nil || md.Len() > 0 {
		t.header = metadata.Join(t.header, md)
	}
	t.markHeaderSent()
	t.change()
	if t.headerLost {
		return t.header, errHeaderLost
	}
	return t.header, nil
}

func (t *transportStream) markHeaderSent() {
	t.headerSent = true
	t.headerLost = wire.CheckReceived(t.header) != nil
}

// loseHeader ends an RPC whose client cannot read the header.
func (t *transportStream) loseHeader() {
	t.end(byNetwork, wire.CheckReceived(t.header))
}

// endByServer ends the RPC with a status, which is nil for OK. It first sends the header if that has not
// been sent; a response, which is nil if there is none, needs one even if it is empty. It
// reports false if the RPC has ended already, and otherwise returns the trailer as the
// handler has set it. The caller ends the handler's context.
//
// It follows writeStatus of grpc-go's internal/transport/http2_server.go.
func (t *transportStream) endByServer(st *status.Status, response *message.Copy) (trailer metadata.MD, ok bool) {
	t.noticeEnd()
	t.mu.Lock()
	defer t.unlockForHandler()
	if t.ended != notEnded {
		if !t.headerSent {
			t.headerSent, t.headerLost = true, true
		}
		return nil, false
	}
	if !t.headerSent && (len(t.header) > 0 || response != nil) {
		t.markHeaderSent()
	}
	if response != nil {
		t.response, t.hasResponse = *response, true
	}
	t.trailersOnly = !t.headerSent
	if st != nil || len(t.trailer) > 0 {
		t.arrived = wire.WithDetails(wire.Traveling(t.trailer), st)
		t.status = wire.ReceivedStatus(st, t.arrived)
	}
	lost := cmp.Or(wire.CheckReceived(t.trailer), wire.CheckCode(st))
	t.trailerArrived = lost == nil
	t.trailerReceived = lost == nil && !t.headerLost
	if !t.trailerReceived {
		t.status = cmp.Or(t.whyHeaderLost(), lost)
	}
	t.ended = byServer
	t.change()
	return t.trailer, true
}

// release lets the caller leave, because the server's stats handlers have seen the end, or
// because the caller cannot wait for that.
func (t *transportStream) release() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.released = true
	t.change()
}

// whyHeaderLost returns the status of an RPC whose header the client could not read, or
// nil. The caller holds the lock.
func (t *transportStream) whyHeaderLost() error {
	if !t.headerLost {
		return nil
	}
	return wire.CheckReceived(t.header)
}

// isDone reports whether the transport of a network server would know of the end. It does
// not notice that a connection is closed until it sends something. The caller holds the
// lock.
func (t *transportStream) isDone() bool { return t.ended != notEnded && t.ended != byConnection }

// endedStatus returns what a server's operation returns after the end, as streamContextErr
// of grpc-go's internal/transport/http2_server.go makes it, or nil before the end. The
// caller holds the lock.
func (t *transportStream) endedStatus() error {
	switch {
	case t.ended == notEnded:
		return nil
	case t.ended == byConnection, t.clientConn.IsClosed():
		return wire.ErrTransportClosing
	}
	return wire.ErrCanceled
}

// whyEnded returns endedStatus.
func (t *transportStream) whyEnded() error {
	t.mu.Lock()
	defer t.unlockForHandler()
	return t.endedStatus()
}

// hasUnsentHeader reports whether the handler has set a header that has not been sent.
func (t *transportStream) hasUnsentHeader() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return !t.headerSent && len(t.header) > 0
}
