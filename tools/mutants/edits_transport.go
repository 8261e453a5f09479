package main

import "slices"

var transportEdits = slices.Concat(in("internal/rpc/transportstream.go",
	edit{
		does: "an RPC goes on after its ClientConn was closed",
		old: `	if t.clientConn.isClosed() {
		t.abandon`,
		new: `	if false {
		t.abandon`,
	},
	edit{
		does: "an RPC goes on after its caller's context has ended",
		old:  `	if err := caller.contextStatus(); err != nil {`,
		new:  `	if err := caller.contextStatus(); false {`,
	},
	edit{
		does: "a caller whose context has ended waits for the server's stats handlers",
		old: `	if !t.end(by, received) {
		t.release()
	}`,
		new: `	t.end(by, received)`,
	},
	edit{
		does: "the end does not end the handler's context",
		old: `	t.cancelHandler()
	return true`,
		new: `	return true`,
	},
	edit{
		does: "the handler's goroutine is claimed twice",
		old:  `	t.claimed = true`,
		new:  ``,
	},
	edit{
		does: "claiming is not guarded",
		race: true,
		old: `	t.mu.Lock()
	defer t.mu.Unlock()
	isFirst`,
		new: `	isFirst`,
	},
	edit{
		does: "the caller is retained after the end",
		old:  `		t.listener = nil`,
		new:  ``,
	},
	edit{
		does: "a caller does not wait for the server's stats handlers",
		old:  `return t.ended != notEnded && (t.ended != byServer || t.released)`,
		new:  `return t.ended != notEnded`,
	},
	edit{
		does: "SetHeader without metadata fails after the header was sent",
		old: `func (t *transportStream) setHeader(md metadata.MD) error {
	if md.Len() == 0 {
		return nil
	}`,
		new: `func (t *transportStream) setHeader(md metadata.MD) error {`,
	},
	edit{
		does: "SetHeader works after the header was sent",
		old:  `if t.headerSent || t.isDone() {`,
		new:  `if t.isDone() {`,
	},
	edit{
		does: "SetHeader works after the end",
		old:  `if t.headerSent || t.isDone() {`,
		new:  `if t.headerSent {`,
	},
	edit{
		does: "SetHeader keeps the handler's metadata",
		old: `	t.header = metadata.Join(t.header, md)
	return nil`,
		new: `	if t.header = metadata.Join(t.header, md); len(t.header) == len(md) {
		t.header = md
	}
	return nil`,
	},
	edit{
		does: "SetHeader is not guarded",
		race: true,
		old: `	t.mu.Lock()
	defer t.mu.Unlock()
	if t.headerSent || t.isDone() {`,
		new: `	if t.headerSent || t.isDone() {`,
	},
	edit{
		does: "SetTrailer keeps the handler's metadata",
		old:  `	t.trailer = metadata.Join(t.trailer, md)`,
		new: `	if t.trailer = metadata.Join(t.trailer, md); len(t.trailer) == len(md) {
		t.trailer = md
	}`,
	},
	edit{
		does: "SetTrailer works after the end",
		old: `	if t.isDone() {
		return wire.ErrHeaderSent
	}
	t.trailer`,
		new: `	t.trailer`,
	},
	edit{
		does: "SetTrailer is not guarded",
		race: true,
		old: `	t.mu.Lock()
	defer t.mu.Unlock()
	if t.isDone() {
		return wire.ErrHeaderSent
	}
	t.trailer`,
		new: `	if t.isDone() {
		return wire.ErrHeaderSent
	}
	t.trailer`,
	},
	edit{
		does: "SendHeader does not look at the clock",
		old: `	t.noticeEnd()
	t.mu.Lock()
	defer t.mu.Unlock()
	err = t.endedStatus()`,
		new: `	t.mu.Lock()
	defer t.mu.Unlock()
	err = t.endedStatus()`,
	},
	edit{
		does: "a header is sent after the end",
		old: `	case t.isDone():
		return nil, err`,
		new: `	case false:
		return nil, err`,
	},
	edit{
		does: "a header is sent twice",
		old: `	case t.headerSent:
		return nil, ifSent`,
		new: `	case false:
		return nil, ifSent`,
	},
	edit{
		does: "a header that a closed connection has lost arrives",
		old: `		t.headerSent, t.headerLost = true, true
		return nil, err
	}
	if t.header`,
		new: `		return nil, err
	}
	if t.header`,
	},
	edit{
		does: "a header is sent without waking the caller",
		old: `	t.markHeaderSent()
	t.change()`,
		new: `	t.markHeaderSent()`,
	},
	edit{
		does: "a header that the client cannot read arrives",
		old:  `	t.headerLost = wire.CheckReceived(t.header) != nil`,
		new:  ``,
	},
	edit{
		does: "a header that the client cannot read does not end the RPC",
		old:  `	t.end(byNetwork, wire.CheckReceived(t.header))`,
		new:  ``,
	},
	edit{
		does: "the end does not look at the clock",
		old: `	t.noticeEnd()
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ended != notEnded {`,
		new: `	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ended != notEnded {`,
	},
	edit{
		does: "an RPC ends twice",
		old: `	if t.ended != notEnded {
		if !t.headerSent {`,
		new: `	if false {
		if !t.headerSent {`,
	},
	edit{
		does: "a header may be sent after the caller's end",
		old: `		if !t.headerSent {
			t.headerSent, t.headerLost = true, true
		}`,
		new: ``,
	},
	edit{
		does: "a header that is only set does not arrive with a response",
		old:  `if !t.headerSent && (len(t.header) > 0 || response != nil) {`,
		new:  `if !t.headerSent && response != nil {`,
	},
	edit{
		does: "a response without a header arrives without one",
		old:  `if !t.headerSent && (len(t.header) > 0 || response != nil) {`,
		new:  `if !t.headerSent && len(t.header) > 0 {`,
	},
	edit{
		does: "a trailer without a header has no content type",
		old:  `	t.trailersOnly = !t.headerSent`,
		new:  ``,
	},
	edit{
		does: "a trailer of an RPC that succeeds is lost",
		old:  `if err != nil || len(t.trailer) > 0 {`,
		new:  `if err != nil {`,
	},
	edit{
		does: "reserved keys of a trailer arrive",
		old:  `wire.WithDetails(wire.Traveling(t.trailer), err)`,
		new:  `wire.WithDetails(t.trailer, err)`,
	},
	edit{
		does: "a trailer that the client cannot read arrives",
		old:  `	t.trailerArrived = lost == nil`,
		new:  `	t.trailerArrived = true`,
	},
	edit{
		does: "a trailer after a header that is lost is received",
		old:  `	t.trailerReceived = lost == nil && !t.headerLost`,
		new:  `	t.trailerReceived = lost == nil`,
	},
	edit{
		does: "the status of a trailer that is lost arrives",
		old:  `		t.status = cmp.Or(t.whyHeaderLost(), lost)`,
		new:  `		_ = cmp.Or(t.whyHeaderLost(), lost)`,
	},
	edit{
		does: "the end does not wake the caller",
		old: `	t.ended = byServer
	t.change()`,
		new: `	t.ended = byServer`,
	},
	edit{
		does: "the server's End does not wake the caller",
		old: `	t.released = true
	t.change()`,
		new: `	t.released = true`,
	},
	edit{
		does: "releasing is not guarded",
		race: true,
		old: `	t.mu.Lock()
	defer t.mu.Unlock()
	t.released = true`,
		new: `	t.released = true`,
	},
	edit{
		does: "a header that a closed connection has lost has no status",
		old:  `cmp.Or(wire.CheckReceived(t.header), wire.ErrTransportClosing)`,
		new:  `wire.CheckReceived(t.header)`,
	},
	edit{
		does: "a handler learns of a closed connection before it sends",
		old:  `t.ended != notEnded && t.ended != byConnection }`,
		new:  `t.ended != notEnded }`,
	},
	edit{
		does: "a handler whose ClientConn was closed gets Canceled",
		old:  `	case t.ended == byConnection, t.clientConn.isClosed():`,
		new:  `	case t.ended == byConnection:`,
	},
	edit{
		does: "a handler whose Channel was closed gets Canceled",
		old:  `	case t.ended == byConnection, t.clientConn.isClosed():`,
		new:  `	case t.clientConn.isClosed():`,
	},
), in("internal/rpc/received.go",
	edit{
		does: "a header that is lost is received",
		old:  `	if !t.headerSent || t.headerLost {`,
		new:  `	if !t.headerSent {`,
	},
	edit{
		does: "a header that was not sent is received",
		old:  `	if !t.headerSent || t.headerLost {`,
		new:  `	if t.headerLost {`,
	},
	edit{
		does: "a trailer that was not received has values",
		old: `	if !t.trailerReceived {
		return metadata.MD{}
	}`,
		new: ``,
	},
	edit{
		does: "a trailer without a header is the handler's",
		old:  `return wire.ResponseHeader(t.arrived, t.contentType)`,
		new:  `return t.arrived`,
	},
	edit{
		does: "all who ask for the trailer share it",
		old:  `return t.arrived.Copy()`,
		new:  `return t.arrived`,
	},
	edit{
		does: "receiving the header is not guarded",
		race: true,
		old: `	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.headerSent || t.headerLost {`,
		new: `	if !t.headerSent || t.headerLost {`,
	},
	edit{
		does: "looking is not guarded",
		race: true,
		old: `	t.mu.Lock()
	defer t.mu.Unlock()
	return t.arrivalLocked()`,
		new: `	return t.arrivalLocked()`,
	},
	edit{
		does: "stats handlers see a header that is lost",
		old:  `		header:  t.headerSent && !t.headerLost,`,
		new:  `		header:  t.headerSent,`,
	},
	edit{
		does: "a response after a header that is lost arrives",
		old:  `t.hasResponse && !t.headerLost, t.status`,
		new:  `t.hasResponse, t.status`,
	},
	edit{
		does: "a response is retained after it was received",
		old:  `	t.response = message.Copy{}`,
		new:  ``,
	},
	edit{
		does: "a unary RPC without a response succeeds",
		old:  `		status = wire.ErrNoResponse`,
		new:  ``,
	},
))

var connectionEdits = in("internal/rpc/connection.go",
	edit{
		does: "both ends of a connection share their peer",
		old: `	p := c.clientPeer
	return peer.NewContext(context.Background(), &p)`,
		new: `	return peer.NewContext(context.Background(), &c.clientPeer)`,
	},
	edit{
		does: "a connection of the server's stats handlers alone does not begin",
		old:  `c.clientStats == nil && c.serverStats == nil || c.hasBegun`,
		new:  `c.clientStats == nil || c.hasBegun`,
	},
	edit{
		does: "an RPC waits for its connection beyond its context",
		old: `	case <-call.ctx.Done():
	case <-call.givenDone():`,
		new: `	case <-call.givenDone():`,
	},
	edit{
		does: "a connection begins after Shutdown",
		old:  `if !c.isStarted && s.addConnection(c) {`,
		new:  `if s.addConnection(c); !c.isStarted {`,
	},
	edit{
		does: "a connection begins with each RPC",
		old:  `		c.isStarted = true`,
		new:  ``,
	},
	edit{
		does: "the beginning is not guarded",
		race: true,
		old: `	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.isStarted`,
		new: `	if !c.isStarted`,
	},
	edit{
		does: "a peer that a server's TagConn sets is ignored",
		old:  `		c.serverPeer = *p`,
		new:  `		_ = p`,
	},
	edit{
		does: "a connection that ends before it has begun does not end",
		old:  `	if isEnding { // end`,
		new:  `	if isEnding && false { // end`,
	},
	edit{
		does: "later RPCs wait for a lock to learn that the connection has begun",
		old:  `	c.hasBegun.Store(true)`,
		new:  ``,
	},
	edit{
		does: "a client's ConnEnd comes before the End of its RPCs",
		old:  `c.hasBegun.Load(), c.callers == 0`,
		new:  `c.hasBegun.Load(), true`,
	},
	edit{
		does: "a connection that begins ends twice",
		old: `	if hasBegun {
		c.tellEnd(isIdle)
	}`,
		new: `	c.tellEnd(isIdle); _ = hasBegun`,
	},
	edit{
		does: "a client's ConnEnd comes when no RPC is left though nobody has shut down",
		old:  `isLast := c.isEnding && c.callers == 0`,
		new:  `isLast := c.callers == 0`,
	},
	edit{
		does: "a client's ConnEnd comes with each End after Shutdown",
		old:  `isLast := c.isEnding && c.callers == 0`,
		new:  `isLast := c.isEnding`,
	},
	edit{
		does: "callers are not counted under the lock",
		race: true,
		old: `	c.mu.Lock()
	defer c.mu.Unlock()
	c.callers++`,
		new: `	c.callers++`,
	},
)
