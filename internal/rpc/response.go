package rpc

import (
	"context"
	"errors"
	"net"
	"sync"

	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"

	"github.com/inprocchain/inprocchain/internal/observe"
	"github.com/inprocchain/inprocchain/internal/wire"
)

// A responseState is what the handler's side of an RPC has sent back, apart from
// messages, and how the RPC ended (ending.go). One lock guards both.
//
// It is the RPC's [grpc.ServerTransportStream], with the rules of grpc-go's
// internal/transport/server_stream.go and http2_server.go.
type responseState struct {
	client       *Client // that makes the RPC; nil for a direct RPC
	entry        Entry   // among the RPCs in flight of the server
	context      handlerContext
	format       *format // of the messages; says the content type that the client receives
	events       *observe.Server
	clientEvents *observe.Client                // cleared when the RPC is over
	observer     changeObserver                 // may be nil
	onHeader     func(header metadata.MD) error // called when a header is sent; may be nil

	mu      sync.Mutex
	header  metadata.MD // as the handler has set it
	trailer metadata.MD // as the handler has set it

	// These are written once, when the RPC ends.
	received     metadata.MD // the trailer, as the client receives it after a header
	status       error       // as the client receives it
	ended        endedBy
	timedOut     bool // The context of the handler has ended with DeadlineExceeded.
	trailersOnly bool // The client receives a trailer and no header.

	lent bool // The client has not copied the response yet, so the handler's context has not ended.

	headerSent bool
	headerLost bool // The client could not read the header that was sent.
}

// A changeObserver is told, under the lock, that a header has been sent or that the
// RPC has ended.
type changeObserver interface{ changed() }

// makeCancelable sets what end uses, which may be called as soon as the RPC has
// been accepted.
func (r *responseState) makeCancelable(observer changeObserver) {
	r.context.response = r
	r.observer = observer
}

// init sets what the call says. values are those of the handler's context.
func (r *responseState) init(call *call, values context.Context) {
	r.format = call.format
	r.clientEvents = call.events
	r.context.init(call.ctx, values)
}

// Method returns the full method.
func (r *responseState) Method() string { return r.entry.method }

// receive tells stats handlers that the RPC has arrived. It returns nil if there is
// none.
func (r *responseState) receive(handler stats.Handler, addr net.Addr) *observe.Server {
	if handler == nil {
		return nil
	}
	r.context.observed = true
	r.events = observe.ReceiveRPC(&r.context, handler, r.Method(), addr)
	return r.events
}

// handlerContext returns the context for the RPC's handler.
func (r *responseState) handlerContext() context.Context {
	if r.events == nil {
		return &r.context
	}
	return (*observedContext)(r)
}

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

// SendHeader adds to the header and sends it.
func (r *responseState) SendHeader(md metadata.MD) error {
	if err := r.sendHeader(md, wire.ErrHeaderSent); err != errHeaderLost {
		return err
	}
	return nil // A network server does not know it yet either.
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
func (r *responseState) loseHeader() {
	r.end(byNetwork, wire.CheckReceived(r.header), context.Canceled)
}

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
		r.headerSent, r.headerLost = true, true
		r.unlockBoth(client)
		return err
	}
	if md.Len() > 0 {
		r.header = metadata.Join(r.header, md)
	}
	r.headerSent = true
	r.headerLost = wire.CheckReceived(r.header) != nil
	lost := r.headerLost
	if r.observer != nil {
		r.observer.changed()
	}
	r.mu.Unlock()
	r.events.OutHeader(r.header)
	if !lost && client != nil {
		client.InHeader(r.receivedHeader())
	}
	client.Unlock()
	switch {
	case lost:
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

// receivedHeader returns the header that the client receives. It must have been
// sent.
func (r *responseState) receivedHeader() metadata.MD {
	return wire.ResponseHeader(r.header, r.format.contentType)
}

// receivedTrailer returns the trailer that the client receives. Without a header, it
// has the content type. The caller holds the lock.
func (r *responseState) receivedTrailer() metadata.MD {
	if r.trailersOnly {
		return wire.ResponseHeader(r.received, r.format.contentType)
	}
	return r.received
}

// clientHeader returns a copy of the header, or nil if the client has received
// none.
func (r *responseState) clientHeader() metadata.MD {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.headerSent || r.headerLost {
		return nil
	}
	return r.receivedHeader()
}

// clientTrailer returns the trailer, or nil if the client has received none.
func (r *responseState) clientTrailer() metadata.MD {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.receivedTrailer()
}

// forget lets go of what the handler's context would otherwise keep.
func (r *responseState) forget() {
	if r.clientEvents == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.clientEvents = nil
}
