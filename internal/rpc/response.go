package rpc

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"net"
	"sync"

	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain/internal/message"
	"github.com/inprocchain/inprocchain/internal/observe"
	"github.com/inprocchain/inprocchain/internal/wire"
)

// endedBy tells what ended an RPC.
type endedBy int

const (
	notEnded     endedBy = iota
	byServer             // with a status
	byClient             // whose context ended, or which has found an error of its own
	byNetwork            // that does not carry the header of the handler
	byConnection         // whose Channel or ClientConn has been closed
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
	clientConn   context.Context // ends when the connection is closed; nil if that is unknown
	forHandler   withStream
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

// init sets what the call says. context and observer must have been set before.
func (r *responseState) init(call *call) {
	r.method = call.method
	r.contentType = call.contentType
	r.clientConn = call.clientConn
	r.clientEvents = call.events
}

// Method returns the full method.
func (r *responseState) Method() string { return r.method }

// SetHeader adds to the header.
func (r *responseState) SetHeader(md metadata.MD) error {
	if md.Len() == 0 {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.headerSent || r.isDone() {
		return wire.ErrHeaderSent
	}
	r.header = metadata.Join(r.header, md)
	return nil
}

// receive tells stats handlers that the RPC has arrived. It returns nil if there is
// none.
func (r *responseState) receive(handler stats.Handler, addr net.Addr) *observe.Server {
	if handler == nil {
		return nil
	}
	r.context.observed = true
	r.events = observe.ReceiveRPC(r.context, handler, r.method, addr)
	r.forHandler = withStream{r.events.Context(), r}
	return r.events
}

// handlerContext returns the context for the RPC's handler.
func (r *responseState) handlerContext() context.Context {
	if r.events == nil {
		return r.context
	}
	return &r.forHandler
}

// SendHeader adds to the header and sends it.
func (r *responseState) SendHeader(md metadata.MD) error {
	if err := r.sendHeader(md, wire.ErrHeaderSent); err != errHeaderLost {
		return err
	}
	return nil // A network server does not know it yet either.
}

// errHeaderLost is what sendHeader returns for a header that the client cannot read.
var errHeaderLost = errors.New("the client cannot read the header")

// sendHeader sends the header. It returns ifSent if that has been done before. A header
// that the client cannot read ends the RPC.
func (r *responseState) sendHeader(md metadata.MD, ifSent error) error {
	err := r.writeHeader(md, ifSent)
	if err == errHeaderLost {
		r.loseHeader()
	}
	return err
}

// loseHeader ends an RPC whose client cannot read the header.
func (r *responseState) loseHeader() { r.end(byNetwork, r.headerLost, context.Canceled) }

func (r *responseState) writeHeader(md metadata.MD, ifSent error) error {
	client := r.lockBoth()
	err := r.endedStatus()
	switch {
	case r.isDone():
		r.unlockBoth(client)
		return err
	case r.headerSent:
		r.unlockBoth(client)
		return ifSent
	case err != nil: // The connection is closed, which comes out only after this.
		r.headerSent, r.headerLost = true, err
		r.unlockBoth(client)
		return err
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
	switch {
	case lost != nil:
		return errHeaderLost
	case r.onHeader != nil:
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
	if r.isDone() {
		return wire.ErrHeaderSent
	}
	r.trailer = metadata.Join(r.trailer, md)
	return nil
}

// isDone reports whether the transport of a network server would know of the end. It
// does not notice that a connection is closed until it sends something. The caller
// holds the lock.
func (r *responseState) isDone() bool { return r.ended != notEnded && r.ended != byConnection }

// endedStatus returns what a server's operation returns after the end, as
// streamContextErr of grpc-go's internal/transport/http2_server.go makes it, or
// nil before the end. The caller holds the lock.
func (r *responseState) endedStatus() error {
	switch {
	case r.ended == notEnded:
		return nil
	case r.ended == byConnection, r.clientConn != nil && r.clientConn.Err() != nil:
		return wire.ErrTransportClosing
	}
	return r.contextStatus()
}

// contextStatus returns the status of the error with which the handler's context has
// ended.
func (r *responseState) contextStatus() error {
	if errors.Is(r.contextErr, context.DeadlineExceeded) {
		return wire.ErrDeadlineExceeded
	}
	return errCanceled
}

var errCanceled = status.FromContextError(context.Canceled).Err()

// sendResponse ends the RPC with a response, after its header, and the status OK. It
// returns nil or the status of an RPC that has ended before. It follows SendMsg of
// serverStream in grpc-go's stream.go, and then the end of processRPC in its server.go.
func (r *responseState) sendResponse(response any) error {
	if r.isObserved() {
		if err := r.writeHeader(nil, nil); err != nil && err != errHeaderLost {
			return err
		}
		if err := r.whyEnded(); err != nil {
			return err
		}
		r.events.OutPayload(response, message.Size(response))
		r.sendStatus(nil)
		return nil
	}
	if r.finish(nil, true) {
		return nil
	}
	return r.whyEnded()
}

// whyEnded returns endedStatus.
func (r *responseState) whyEnded() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.endedStatus()
}

// sendStatus ends the RPC with the status of err. It reports false if the RPC has
// ended already. It follows writeStatus of grpc-go's
// internal/transport/http2_server.go.
func (r *responseState) sendStatus(err error) bool {
	if r.isObserved() && r.hasUnsentHeader() {
		_ = r.writeHeader(nil, nil) // finish knows whether the RPC has ended.
	}
	return r.finish(err, false)
}

// isObserved reports whether anybody is told of a header before the RPC ends.
func (r *responseState) isObserved() bool { return r.events != nil || r.onHeader != nil }

func (r *responseState) hasUnsentHeader() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.headerSent && len(r.header) > 0
}

// finish ends the RPC with the status of err, and with the header if that has not been
// sent. A response needs a header even if it is empty.
func (r *responseState) finish(err error, hasResponse bool) bool {
	client := r.lockBoth()
	if r.ended != notEnded {
		if !r.headerSent {
			r.headerSent, r.headerLost = true, r.endedStatus()
		}
		r.unlockBoth(client)
		return false
	}
	sendsHeader := !r.headerSent && (len(r.header) > 0 || hasResponse)
	if sendsHeader {
		r.headerSent = true
		r.headerLost = wire.CheckReceived(r.header)
	}
	sent := r.trailer
	onEnd := r.endLocked(byServer, nil, context.Canceled)
	r.received = r.receivedTrailer(err)
	r.status = wire.ReceivedStatus(err, r.received)
	arrived, trailerLost := r.received, wire.CheckReceived(sent)
	if lost := cmp.Or(r.headerLost, trailerLost); lost != nil {
		r.status, r.received = lost, nil
	}
	r.mu.Unlock()

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
		if trailerLost == nil { // It arrives even after a header that was lost.
			client.InTrailer(arrived)
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
	r.sendStatus(err)
}

// forget lets go of what the handler's context would otherwise keep.
func (r *responseState) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.clientEvents = nil
}
