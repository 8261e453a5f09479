package rpc

import (
	"cmp"
	"errors"

	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain/internal/message"
	"github.com/inprocchain/inprocchain/internal/wire"
)

// What the handler sends on a transportStream, and what it learns of the end.

// unlockForHandler unlocks for the handler's side. If the handler learns that its caller has gone,
// its context has ended before, as on a network.
func (t *transportStream) unlockForHandler() {
	hasEnded := t.ended > byServer
	t.mu.Unlock()
	if hasEnded {
		t.cancelHandler()
	}
}

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
		if !t.headerSent && t.ended != byServer {
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
	if lost := cmp.Or(t.whyHeaderLost(), lost); lost != nil {
		t.status = lost
	}
	t.ended = byServer
	t.change()
	return t.trailer, true
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

// whyEnded is endedStatus for those who do not hold the lock.
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
