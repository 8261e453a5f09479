package rpc

import (
	"cmp"
	"context"

	"google.golang.org/grpc/metadata"

	"github.com/inprocchain/inprocchain/internal/wire"
)

// endedBy says what ended an RPC. Server and client decide it under the lock of the
// responseState: the first one ends the RPC, and whatever either side sees afterwards
// follows from it.
type endedBy uint8

const (
	notEnded     endedBy = iota
	byServer             // with a status
	byClient             // whose context ended, or which has found an error of its own
	byNetwork            // that does not carry the header of the handler
	byConnection         // whose Channel or ClientConn has been closed
)

// end ends the RPC for another reason than a status of its server. It reports
// false if the RPC has ended already. received is the status that the client
// receives, and contextErr the error of the handler's context: Canceled or
// DeadlineExceeded.
func (r *responseState) end(by endedBy, received, contextErr error) bool {
	r.mu.Lock()
	if r.ended != notEnded {
		r.mu.Unlock()
		return false
	}
	r.timedOut = contextErr == context.DeadlineExceeded
	derived := r.endLocked(by, received)
	r.mu.Unlock()
	derived.end()
	return true
}

// endLocked is end under the lock. The caller must end the context that it returns, which
// may be nil, when the lock is free.
func (r *responseState) endLocked(by endedBy, received error) *derivedContext {
	r.ended, r.status = by, received
	if r.observer != nil {
		r.observer.changed()
	}
	if r.lent {
		return nil
	}
	return r.context.derived
}

// returnLent ends the handler's context once the client has copied a response that was
// lent. A handler may reuse its response as soon as its context ends, since a network
// server has encoded it by then.
func (r *responseState) returnLent() {
	r.mu.Lock()
	r.lent = false
	derived := r.context.derived
	r.mu.Unlock()
	derived.end()
}

// refuse ends an RPC whose header the server does not accept.
func (r *responseState) refuse(err error) {
	if err == wire.ErrConnectionHeader { // The server resets the stream.
		r.end(byServer, err, context.Canceled)
		return
	}
	r.sendStatus(err)
}

// sendResponse ends the RPC with a response, after its header, and the status OK. It
// returns nil or the status of an RPC that has ended before. It follows SendMsg of
// serverStream in grpc-go's stream.go, and then the end of processRPC in its server.go.
// Stats handlers learn the size of the response's encoding. lent says that the client
// copies the response later and then calls returnLent; there must be no stats handlers.
func (r *responseState) sendResponse(response any, size int, lent bool) error {
	if r.isObserved() {
		if err := r.writeHeader(nil, nil); err != nil && err != errHeaderLost {
			return err
		}
		if err := r.whyEnded(); err != nil {
			return err
		}
		r.events.OutPayload(response, size)
		r.sendStatus(nil)
		return nil
	}
	if r.finish(nil, true, lent) {
		return nil
	}
	return r.whyEnded()
}

// sendStatus ends the RPC with the status of err. It reports false if the RPC has
// ended already. It follows writeStatus of grpc-go's
// internal/transport/http2_server.go.
func (r *responseState) sendStatus(err error) bool {
	if r.isObserved() && r.hasUnsentHeader() {
		_ = r.writeHeader(nil, nil) // finish knows whether the RPC has ended.
	}
	return r.finish(err, false, false)
}

// isObserved reports whether a header must be sent before the RPC ends, because a stats
// handler or inprocgrpc is told of it.
func (r *responseState) isObserved() bool { return r.events != nil || r.onHeader != nil }

func (r *responseState) hasUnsentHeader() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.headerSent && len(r.header) > 0
}

// finish ends the RPC with the status of err, and with the header if that has not been
// sent. A response needs a header even if it is empty.
func (r *responseState) finish(err error, hasResponse, lent bool) bool {
	client := r.lockBoth()
	if r.ended != notEnded {
		if !r.headerSent {
			r.headerSent, r.headerLost = true, true
		}
		r.unlockBoth(client)
		return false
	}
	sendsHeader := !r.headerSent && (len(r.header) > 0 || hasResponse)
	if sendsHeader {
		r.headerSent = true
		r.headerLost = wire.CheckReceived(r.header) != nil
	}
	sent := r.trailer
	r.lent = lent
	derived := r.endLocked(byServer, nil)
	r.trailersOnly = !r.headerSent
	if err != nil || len(sent) > 0 {
		r.received = wire.WithDetails(wire.Traveling(sent), err)
		r.status = wire.ReceivedStatus(err, r.received)
	}
	var arrived metadata.MD
	if client != nil {
		arrived = r.receivedTrailer()
	}
	trailerLost := wire.CheckReceived(sent)
	if r.headerLost || trailerLost != nil {
		r.status, r.received, r.trailersOnly = cmp.Or(r.whyHeaderLost(), trailerLost), nil, false
	}
	r.mu.Unlock()

	derived.end()
	if r.events != nil {
		sent = sent.Copy()
		if wire.HasDetails(err) {
			sent = wire.WithoutDetails(sent)
		}
		r.events.OutTrailer(sent)
	}
	if client != nil {
		if sendsHeader && !r.headerLost {
			client.InHeader(r.receivedHeader())
		}
		if trailerLost == nil { // It arrives even after a header that was lost.
			client.InTrailer(arrived)
		}
	}
	client.Unlock()
	return true
}

// whyHeaderLost returns the status of an RPC whose header the client could not read, or
// nil. The caller holds the lock.
func (r *responseState) whyHeaderLost() error {
	if !r.headerLost {
		return nil
	}
	return cmp.Or(wire.CheckReceived(r.header), wire.ErrTransportClosing)
}

// isDone reports whether the transport of a network server would know of the end. It
// does not notice that a connection is closed until it sends something. The caller
// holds the lock.
func (r *responseState) isDone() bool { return r.ended != notEnded && r.ended != byConnection }

// whyEnded returns endedStatus.
func (r *responseState) whyEnded() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.endedStatus()
}

// endedStatus returns what a server's operation returns after the end, as
// streamContextErr of grpc-go's internal/transport/http2_server.go makes it, or
// nil before the end. The caller holds the lock.
func (r *responseState) endedStatus() error {
	switch {
	case r.ended == notEnded:
		return nil
	case r.ended == byConnection, r.client != nil && r.client.clientConn.isClosed():
		return wire.ErrTransportClosing
	}
	return r.contextStatus()
}

// contextErr returns the error with which the handler's context has ended, or nil. The
// caller holds the lock.
func (r *responseState) contextErr() error {
	switch {
	case r.ended == notEnded, r.lent:
		return nil
	case r.timedOut:
		return context.DeadlineExceeded
	}
	return context.Canceled
}

// contextStatus returns the status of the error with which the handler's context has
// ended. The caller holds the lock.
func (r *responseState) contextStatus() error {
	if r.timedOut {
		return wire.ErrDeadlineExceeded
	}
	return wire.ErrCanceled
}
