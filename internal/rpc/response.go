package rpc

import (
	"context"
	"errors"
	"maps"
	"sync"

	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain/internal/message"
	"github.com/inprocchain/inprocchain/internal/observe"
	"github.com/inprocchain/inprocchain/internal/wire"
)

// endedBy tells what ended an RPC.
type endedBy int

const (
	notEnded  endedBy = iota
	byServer          // with a status
	byClient          // whose context ended, or which has found an error of its own
	byNetwork         // that does not carry the header of the handler
	byClose           // of the Channel
)

// A responseState is what the handler's side of an RPC has sent back, apart from
// messages, and how the RPC ended. Server and client decide that under one lock:
// the first one ends the RPC, and whatever either side sees afterwards follows
// from it.
//
// It is the RPC's [grpc.ServerTransportStream], with the rules of grpc-go's
// internal/transport/server_stream.go and http2_server.go.
type responseState struct {
	method       string
	contentType  []string // of the header, or of the trailer if there is no header
	events       *observe.Server
	clientEvents *observe.Client // cleared when the RPC is over
	context      *handlerContext
	observer     changeObserver                 // may be nil
	onHeader     func(header metadata.MD) error // called when a header is sent; may be nil

	mu         sync.Mutex
	header     metadata.MD // as the handler has set it
	trailer    metadata.MD // as the handler has set it
	headerSent bool
	headerLost error // why the client could not read the header that was sent

	// These are written once, when the RPC ends.
	ended      endedBy
	contextErr error       // of the handler's context
	status     error       // as the client receives it
	received   metadata.MD // the trailer, as the client receives it
}

// A changeObserver is told, under the lock, that a header has been sent or that the
// RPC has ended.
type changeObserver interface{ changed() }

// Method returns the full method.
func (r *responseState) Method() string { return r.method }

// SetHeader adds to the header.
func (r *responseState) SetHeader(md metadata.MD) error {
	if md.Len() == 0 {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.headerSent || r.ended != notEnded {
		return wire.ErrHeaderSent
	}
	r.header = metadata.Join(r.header, md)
	return nil
}

// SendHeader adds to the header and sends it.
func (r *responseState) SendHeader(md metadata.MD) error {
	return r.sendHeader(md, wire.ErrHeaderSent)
}

// sendHeader sends the header. It returns ifSent if that has been done before.
func (r *responseState) sendHeader(md metadata.MD, ifSent error) error {
	client := r.lockBoth()
	if err := r.endedStatus(); err != nil {
		r.unlockBoth(client)
		return err
	}
	if r.headerSent {
		r.unlockBoth(client)
		return ifSent
	}
	if md.Len() > 0 {
		r.header = metadata.Join(r.header, md)
	}
	r.headerSent = true
	r.headerLost = wire.CheckReceived(r.header)
	lost := r.headerLost
	if r.observer != nil {
		r.observer.changed()
	}
	r.mu.Unlock()
	r.events.OutHeader(r.header)
	if lost == nil && client != nil {
		client.InHeader(r.receivedHeader())
	}
	client.Unlock()
	if lost != nil {
		r.end(byNetwork, lost, context.Canceled)
	}
	if r.onHeader != nil {
		return r.onHeader(r.header)
	}
	return nil
}

// lockBoth takes the lock and, before it, that of the client's events. After the end
// it takes only the lock: the client's stats handlers may then wait for the handler.
func (r *responseState) lockBoth() *observe.Client {
	r.mu.Lock()
	client := r.clientEvents
	if client == nil || r.ended != notEnded {
		return nil
	}
	r.mu.Unlock()
	client.Lock()
	r.mu.Lock()
	return client
}

func (r *responseState) unlockBoth(client *observe.Client) {
	r.mu.Unlock()
	client.Unlock()
}

// SetTrailer adds to the trailer.
func (r *responseState) SetTrailer(md metadata.MD) error {
	if md.Len() == 0 {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended != notEnded {
		return wire.ErrHeaderSent
	}
	r.trailer = metadata.Join(r.trailer, md)
	return nil
}

// endedStatus returns what a server's operation returns after the end, as
// streamContextErr of grpc-go's internal/transport/http2_server.go makes it, or
// nil before the end. The caller holds the lock.
func (r *responseState) endedStatus() error {
	switch {
	case r.ended == notEnded:
		return nil
	case errors.Is(r.contextErr, context.DeadlineExceeded):
		return wire.ErrDeadlineExceeded
	}
	return errCanceled
}

var errCanceled = status.FromContextError(context.Canceled).Err()

// A lastMessage is the response of a unary RPC, which is sent with its status.
type lastMessage struct {
	message any
}

// sendStatus ends the RPC with the status of err. It reports false if the RPC has
// ended already. With a response, it sends that first.
func (r *responseState) sendStatus(err error, response *lastMessage) bool {
	client := r.lockBoth()
	if r.ended != notEnded {
		r.unlockBoth(client)
		return false
	}
	sendsHeader := !r.headerSent && (len(r.header) > 0 || response != nil)
	if sendsHeader {
		r.headerSent = true
		r.headerLost = wire.CheckReceived(r.header)
	}
	sent := r.trailer
	onEnd := r.endLocked(byServer, nil, context.Canceled)
	r.received = r.receivedTrailer(err)
	r.status = wire.ReceivedStatus(err, r.received)
	lost := r.headerLost
	if lost == nil {
		lost = wire.CheckReceived(sent)
	}
	if lost != nil {
		r.status, r.received = lost, nil
	}
	r.mu.Unlock()

	if sendsHeader {
		r.events.OutHeader(r.header)
		if r.onHeader != nil {
			_ = r.onHeader(r.header) // The status that follows says more.
		}
	}
	if response != nil && r.events != nil {
		r.events.OutPayload(response.message, message.Size(response.message))
	}
	runAll(onEnd)
	if r.events != nil {
		sent = sent.Copy()
		if wire.HasDetails(err) {
			sent = wire.WithoutDetails(sent)
		}
		r.events.OutTrailer(sent)
	}
	if client != nil {
		if sendsHeader && r.headerLost == nil {
			client.InHeader(r.receivedHeader())
		}
		if lost == nil {
			client.InTrailer(r.received)
		}
	}
	client.Unlock()
	return true
}

// end ends the RPC for another reason than a status of its server. It reports
// false if the RPC has ended already.
func (r *responseState) end(by endedBy, received, contextErr error) bool {
	r.mu.Lock()
	if r.ended != notEnded {
		r.mu.Unlock()
		return false
	}
	onEnd := r.endLocked(by, received, contextErr)
	r.mu.Unlock()
	runAll(onEnd)
	return true
}

func (r *responseState) endLocked(by endedBy, received, contextErr error) []func() {
	r.ended, r.status, r.contextErr = by, received, contextErr
	if r.observer != nil {
		r.observer.changed()
	}
	return r.context.endLocked()
}

func runAll(functions []func()) {
	for _, f := range functions {
		f()
	}
}

// receivedHeader returns the header that the client receives. It must have been
// sent.
func (r *responseState) receivedHeader() metadata.MD {
	return wire.ResponseHeader(r.header, r.contentType)
}

// receivedTrailer returns the trailer that the client receives with the status of
// err. Without a header, it has the content type.
func (r *responseState) receivedTrailer(err error) metadata.MD {
	trailer := wire.WithDetails(wire.Traveling(r.trailer), err)
	if r.headerSent {
		return trailer
	}
	withContentType := maps.Clone(trailer)
	if withContentType == nil {
		withContentType = metadata.MD{}
	}
	withContentType[wire.ContentTypeKey] = r.contentType
	return withContentType
}

// clientHeader returns a copy of the header, or nil if the client has received
// none.
func (r *responseState) clientHeader() metadata.MD {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.headerSent || r.headerLost != nil {
		return nil
	}
	return r.receivedHeader()
}

// clientTrailer returns the trailer, or nil if the client has received none.
func (r *responseState) clientTrailer() metadata.MD {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.received
}

// refuse ends an RPC whose header the server does not accept.
func (r *responseState) refuse(err error) {
	if err == wire.ErrConnectionHeader { // The server resets the stream.
		r.end(byServer, err, context.Canceled)
		return
	}
	r.sendStatus(err, nil)
}

// forget lets go of what the handler's context would otherwise keep.
func (r *responseState) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.clientEvents = nil
}
