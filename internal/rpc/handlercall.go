package rpc

import (
	"context"
	"runtime/pprof"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain/internal/message"
	"github.com/inprocchain/inprocchain/internal/observe"
	"github.com/inprocchain/inprocchain/internal/wire"
)

// A handlerCall is the handler's half of an RPC, apart from its messages. It is the
// [grpc.ServerTransportStream] in the handler's context. A handler may keep its context,
// so a handlerCall refers neither to messages nor, once the handler has returned, to the
// caller.
//
// It follows handleStream and processRPC of grpc-go's server.go.
type handlerCall struct {
	stream transportStream // what it shares with the caller's half
	entry  Entry           // among the RPCs in flight

	conn       *connection
	fullMethod string
	measures   bool // Somebody asks for the sizes of messages to the caller.
	isWatched  bool // The caller has stats handlers.
	hasLent    bool // The caller's goroutine copies the response, and calls takeBack.

	values handlerContext
	ctx    context.Context // the handler's, which ends with the RPC; before begin, without what stats handlers add
	events *observe.Server // nil if there is no stats handler

	sendBelow func(metadata.MD) error // sends the header of a direct RPC; nil for others
}

// init makes h the handler's half of an RPC that caller makes on conn. values has the
// values of the connection's context, and header is the incoming metadata.
func (h *handlerCall) init(conn *connection, caller *clientCall, values context.Context, header metadata.MD) {
	h.conn = conn
	h.fullMethod = caller.method
	h.measures = conn.server.stats != nil || caller.measuresResponses()
	h.isWatched = caller.events != nil
	v := &h.values
	v.Context, v.call, v.metadata = values, h, header
	v.deadline, _ = caller.ctx.Deadline()
	h.stream.format = caller.format
	h.stream.caller.Store(caller)
	h.ctx, h.stream.cancelHandler = context.WithCancel(&h.values)
}

// setPeer sets the peer that the handler sees, unless p is nil. As on a network, it always has
// an address.
func (h *handlerCall) setPeer(p *peer.Peer) {
	if p == nil {
		return
	}
	own := *p
	if own.Addr == nil {
		own.Addr = h.conn.addr
	}
	h.values.peer.Store(&own)
}

func (h *handlerCall) server() *Server { return h.conn.server }

// A handlerHalf adds its messages to a handlerCall.
type handlerHalf interface {
	// serve calls the handler and sends its response and its status. It returns the
	// error that stats handlers see.
	serve() error
}

// start starts the handler's goroutine, unless Close no longer waits for it.
func (h *handlerCall) start(half handlerHalf) {
	if h.stream.claim() {
		go h.serve(half)
	}
}

// cancel ends the RPC when its Channel is closed. If the handler's goroutine has not been
// started, it never will be.
func (h *handlerCall) cancel(err error) {
	h.stream.noticeEnd()
	h.stream.abandon(byConnection, err)
	if h.stream.claim() {
		h.leave()
	}
}

// serve is the handler's goroutine.
func (h *handlerCall) serve(half handlerHalf) {
	if h.server().hasChain() {
		growStack()
	}
	pprof.SetGoroutineLabels(context.Background()) // The caller's labels do not reach a network server.
	hasReturned := false
	defer func() { h.afterHandler(hasReturned) }()
	h.tellEnd(half.serve())
	h.stream.format.watch.Check()
	hasReturned = true
}

// afterHandler is deferred by the function that calls the handler. If the handler panics,
// stats handlers see the end, as in grpc-go, but nobody is answered: the panic ends the
// process.
func (h *handlerCall) afterHandler(hasReturned bool) {
	switch {
	case hasReturned:
		h.leave()
	case isGoexit():
		defer h.leave() // Stats handlers may call Goexit, too.
		h.sendStatus(wire.ErrNoStatus)
		h.tellEnd(wire.ErrNoStatus)
	default:
		h.tellEnd(nil)
	}
}

// begin tells stats handlers that the RPC has arrived, and sets the handler's context.
func (h *handlerCall) begin(clientStreams, serverStreams bool) {
	h.tellHeader()
	if h.events != nil {
		h.events.Begin(clientStreams, serverStreams)
		h.ctx = grpc.NewContextWithServerTransportStream(h.events.Context(), h)
	}
}

// tellHeader tells stats handlers of the header of the RPC.
func (h *handlerCall) tellHeader() {
	if h.server().stats != nil {
		remote := h.conn.addr
		if p := h.values.peer.Load(); p != nil {
			remote = p.Addr
		}
		h.events = observe.ReceiveRPC(h.ctx, h.server().stats, h.fullMethod, remote, h.conn.addr)
	}
}

// tellEnd tells stats handlers how an RPC that has begun has ended. Only the first call has an
// effect.
func (h *handlerCall) tellEnd(err error) { h.events.End(h.ctx, err) }

// leave ends what the server does for the RPC.
func (h *handlerCall) leave() {
	if !h.hasLent {
		h.entry.Leave()
	}
	h.stream.caller.Store(nil)
	h.stream.release()
}

// takeBack is called when the caller has copied a response that was lent. Until then, the
// handler's context has not ended and Shutdown waits, because the handler may reuse its
// response afterwards.
func (h *handlerCall) takeBack() {
	h.stream.cancelHandler()
	h.entry.Leave()
}

// Method returns the full method.
func (h *handlerCall) Method() string { return h.fullMethod }

// SetHeader adds to the header.
func (h *handlerCall) SetHeader(md metadata.MD) error { return h.stream.setHeader(md) }

// SetTrailer adds to the trailer.
func (h *handlerCall) SetTrailer(md metadata.MD) error { return h.stream.setTrailer(md) }

// SendHeader adds to the header and sends it.
func (h *handlerCall) SendHeader(md metadata.MD) error {
	err := h.sendHeader(md, wire.ErrHeaderSent)
	if err == errHeaderLost {
		h.stream.loseHeader()
		return nil // A network server does not know it yet either.
	}
	return err
}

// sendHeader adds to the header and sends it. Its error is ifSent if it has been sent
// before, and errHeaderLost if the client cannot read it: then the caller must call
// loseHeader.
func (h *handlerCall) sendHeader(md metadata.MD, ifSent error) error {
	header, err := h.stream.sendHeader(md, ifSent)
	if header == nil {
		return h.afterEnd(err)
	}
	h.events.OutHeader(header)
	if err == nil && h.sendBelow != nil {
		return h.sendBelow(header)
	}
	return err
}

// whyEnded returns what a server's operation returns after the end, or nil before the end.
func (h *handlerCall) whyEnded() error { return h.afterEnd(h.stream.whyEnded()) }

// afterEnd returns err, which an operation on the stream has returned. If it says that the caller
// has gone, the status is that of the handler's context: stats handlers may have given it a
// deadline of its own, which has passed before.
func (h *handlerCall) afterEnd(err error) error {
	if err == wire.ErrCanceled && h.ctx.Err() != nil {
		return wire.ContextStatus(h.ctx)
	}
	return err
}

// sendResponse ends the RPC with the response m of a unary method, of which response is a
// copy, and the status OK. Stats handlers learn its size. It returns nil, or the status of an
// RPC that has ended before. It follows SendMsg of serverStream in grpc-go's stream.go, and
// then the end of processRPC in its server.go.
func (h *handlerCall) sendResponse(response *message.Copy, m any, size int) error {
	if !h.isObserved() {
		h.endByServer(nil, response) // Nobody is told whether the RPC has ended before.
		return nil
	}
	if err := h.sendHeader(nil, nil); err != nil && err != errHeaderLost {
		return err
	}
	if err := h.whyEnded(); err != nil {
		return err
	}
	h.events.OutPayload(m, size)
	h.endByServer(nil, response)
	return nil
}

// sendStatus ends the RPC with the status of err. It reports false if the RPC has ended
// already.
func (h *handlerCall) sendStatus(err error) bool {
	if h.isObserved() && h.stream.hasUnsentHeader() {
		_ = h.sendHeader(nil, nil) // endByServer knows whether the RPC has ended.
	}
	return h.endByServer(err, nil)
}

// isObserved reports whether a header must be sent before the RPC ends, because a stats
// handler or inprocgrpc is told of it.
func (h *handlerCall) isObserved() bool { return h.events != nil || h.sendBelow != nil }

// endByServer ends the RPC with the status of err. It also ends the handler's context, and
// tells stats handlers of the trailer. It reports false if the RPC has ended already.
func (h *handlerCall) endByServer(err error, response *message.Copy) bool {
	var st *status.Status // Its methods may be called under a lock, unlike those of err.
	if err != nil {
		st, _ = status.FromError(err)
	}
	trailer, ok := h.stream.endByServer(st, response)
	switch {
	case !ok:
		return false
	case response != nil && response.IsLent():
		h.hasLent = true
	default:
		h.stream.cancelHandler()
	}
	if h.events != nil {
		trailer = trailer.Copy()
		if wire.HasDetails(st) {
			trailer = wire.WithoutDetails(trailer)
		}
		h.events.OutTrailer(trailer)
	}
	return true
}

// An unservedCall is the handler's half of an RPC that no handler serves.
type unservedCall struct {
	*handlerCall
	err      error
	isParsed bool // The server has read the malformed method, and stats handlers see the end of the RPC.
	isTagged bool // Stats handlers tag the RPC, whose method is not malformed.
}

func (c *unservedCall) serve() error {
	switch {
	case c.err == wire.ErrReset: // The server resets the stream.
		c.stream.noticeEnd()
		c.stream.end(byNetwork, c.err)
		return nil
	case c.isTagged:
		c.tellHeader()
	case c.isParsed:
		c.events = observe.Untagged(c.ctx, c.server().stats)
	}
	c.sendStatus(c.err)
	return nil
}
