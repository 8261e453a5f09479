package rpc

import (
	"cmp"
	"context"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	"github.com/inprocchain/inprocchain/internal/message"
	"github.com/inprocchain/inprocchain/internal/observe"
	"github.com/inprocchain/inprocchain/internal/wire"
)

// A clientCall is the caller's half of an RPC, apart from its messages. Stats handlers, credentials and
// call options run on the caller's goroutine, except as clientstreamend.go says. Its contexts are asked
// on other goroutines, too (clock.go). It follows clientStream and csAttempt of grpc-go's
// stream.go.
type clientCall struct {
	client *Client
	method string
	ctx    context.Context // the caller's, to which stats handlers have added
	given  context.Context // the caller's own, which also ends the RPC; nil if it is ctx

	deadline      time.Time // the earlier one of the two contexts
	hasDeadline   bool
	isContextLent bool // The caller may use its context again when the RPC is over.
	neverEnds     bool // No context ends, so nobody need ask.
	toldHeader    bool // Stats handlers have seen the header, or are about to.
	toldTrailer   bool // the same of the trailer

	metadata metadata.MD // in ctx
	opts     callOptions
	format   *format
	events   *observe.Client // nil if there is no stats handler

	request *wire.Request    // what the header has apart from metadata
	stream  *transportStream // what it shares with the handler's half; nil if nothing was sent
}

// prepare sets c to an RPC. It refuses what grpc-go refuses before it tells stats handlers
// of an RPC: metadata and options that cannot be sent, and a context that has ended. See
// newClientStream of grpc-go's stream.go.
func (c *clientCall) prepare(client *Client, ctx context.Context, method string, opts []grpc.CallOption) error {
	c.client = client
	c.method = method
	c.ctx = ctx
	c.setDeadline(ctx)
	c.opts = newCallOptions(opts)
	c.format = client.format.forRPC(method)
	c.request = &client.conn.request
	c.metadata, _ = metadata.FromOutgoingContext(ctx)
	err := c.check()
	if err != nil {
		c.opts.onFinish(err)
	}
	return err
}

func (c *clientCall) check() error {
	if err := wire.Validate(c.metadata); err != nil {
		return err
	}
	if len(c.opts) > 0 {
		if err := c.setCodec(); err != nil {
			return err
		}
		if err := c.opts.checkCompressor(); err != nil {
			return err
		}
		c.setRequest()
	}
	switch {
	case hasEnded(c.ctx):
		return wire.ContextStatus(c.ctx)
	case c.client.clientConn.IsClosed():
		return wire.ErrClientConnClosing
	}
	return nil
}

// setCodec has the messages encoded and decoded if an option names a codec. The
// server has the codec that is registered for the content subtype, or else the
// default one.
func (c *clientCall) setCodec() error {
	client, subtype, err := c.opts.codec()
	if err != nil {
		return err
	}
	if client == nil && subtype == "" {
		return nil
	}
	named := *c.format
	if subtype != "" {
		named.contentType = wire.ContentType(subtype)
	}
	if client != nil {
		server := message.RegisteredCodec(subtype)
		if server == nil {
			server = message.RegisteredCodec("proto")
		}
		named.toServer = &message.Transfer{Encode: client, Decode: server}
		named.toClient = &message.Transfer{Encode: server, Decode: client}
	}
	c.format = &named
	return nil
}

// setRequest sets what options change in the header.
func (c *clientCall) setRequest() {
	usual := &c.client.conn.request
	authority := cmp.Or(c.opts.authority(), usual.Authority)
	if authority != usual.Authority || c.format.contentType != usual.ContentType {
		c.request = &wire.Request{Authority: authority, ContentType: c.format.contentType, UserAgent: usual.UserAgent}
	}
}

// open makes the RPC: it tells stats handlers that it begins, and has the server accept it.
// call becomes the handler's half, which is in flight until it leaves. refused is not nil if
// the server will refuse the header. After an error, nothing has been sent.
//
// It follows newAttempt of grpc-go's stream.go, and NewStream and createHeaderFields of its
// internal/transport/http2_client.go.
func (c *clientCall) open(call *handlerCall, clientStreams, serverStreams bool) (refused, err error) {
	client, caller := c.client, c.ctx
	err = client.conn.begin(c)
	c.begin(clientStreams, serverStreams)
	if err != nil {
		return nil, err
	}
	added, err := c.credentialsMetadata()
	if err != nil {
		return nil, err
	}
	if c.isPastDeadline() { // Without a connection, that comes out first.
		return nil, cmp.Or(client.server.refusal(caller), wire.ErrDeadlineExceeded)
	}
	if client.clientConn.IsClosed() {
		return nil, wire.ErrClientConnClosing
	}
	header := client.conn.header
	if len(c.metadata) > 0 || len(added) > 0 || c.request != &client.conn.request {
		header, refused = c.request.HeaderWith(added, c.metadata)
	}
	if c.events != nil && wire.CheckReceived(c.metadata) != nil { // Nobody has validated what TagRPC has added.
		refused = wire.ErrReset
	}
	if refused == nil && client.conn.serverCtx.Err() != nil && wire.IsPath(c.method) { // grpc-go calls no handler then.
		refused = wire.ErrDeadlineExceeded
	}
	c.neverEnds = !c.hasDeadline && c.ctx.Done() == nil && (c.given == nil || c.given.Done() == nil)
	var own *peer.Peer
	if client.peer != nil {
		own = client.peer(caller) // It may panic, and init has a context that must end.
	}
	call.init(client.conn, c, client.conn.serverCtx, header)
	call.setPeer(own)
	call.stream.clientConn = client.clientConn
	c.stream = &call.stream // before Close can cancel the RPC
	if err := client.server.accept(caller, call); err != nil {
		c.stream = nil
		call.stream.cancelHandler()
		return nil, err
	}
	return refused, nil
}

// Method returns the full method.
func (c *clientCall) Method() string { return c.method }

// clientConn returns the ClientConn that the RPC is made on, or nil.
func (c *clientCall) clientConn() *ClientConn {
	if c.client == nil { // a direct RPC
		return nil
	}
	return c.client.clientConn
}

// begin tells stats handlers that the RPC begins.
func (c *clientCall) begin(clientStreams, serverStreams bool) {
	handler := c.client.conn.clientStats
	if handler == nil {
		return
	}
	c.given = c.ctx
	c.events = observe.BeginClient(c.ctx, handler, c.method, c.opts.failFast(), clientStreams, serverStreams)
	c.ctx = c.events.Context()
	c.setDeadline(c.ctx)
	c.metadata, _ = metadata.FromOutgoingContext(c.ctx)
}

// credentialsMetadata returns the metadata that the credentials of the RPC add. It asks them
// only if the server accepts RPCs, since on a network there would be no connection.
func (c *clientCall) credentialsMetadata() (metadata.MD, error) {
	creds := c.opts.credentials()
	if creds == nil {
		return nil, nil
	}
	if err := c.client.server.refusal(cmp.Or(c.given, c.ctx)); err != nil {
		return nil, err
	}
	return wire.CredentialsMetadata(c.withPeer(c.ctx), c.request.Authority, c.method, creds)
}

// withPeer returns ctx with a peer of this RPC alone.
func (c *clientCall) withPeer(ctx context.Context) context.Context {
	p := c.client.conn.clientPeer
	return peer.NewContext(ctx, &p)
}

// tellHeaderSent tells stats handlers that the header has been sent.
func (c *clientCall) tellHeaderSent() {
	if c.events == nil {
		return
	}
	conn := c.client.conn
	common := conn.outHeader
	if c.request.Authority != conn.request.Authority {
		common = observe.OutHeader(conn.addr, c.request.Authority)
	}
	c.events.OutHeader(c.withPeer(c.ctx), common, c.metadata, c.request.UserAgent)
}

// untold returns what has arrived and stats handlers have not seen.
func (c *clientCall) untold(arrived arrival) arrival {
	return arrival{
		header:  arrived.header && c.events != nil && !c.toldHeader,
		trailer: arrived.trailer && c.events != nil && !c.toldTrailer,
	}
}

// tell tells stats handlers of what has arrived.
func (c *clientCall) tell(arrived arrival) {
	if arrived.header {
		c.events.InHeader(c.stream.receivedHeader())
	}
	if arrived.trailer {
		c.events.InTrailer(c.stream.trailerOfStats())
	}
}

// tellEnd tells stats handlers how the RPC ended, and sets what call options point to.
// [callOptions.onFinish] comes after it.
func (c *clientCall) tellEnd(err error) {
	if c.stream == nil {
		c.events.End(nil, err)
		return
	}
	if c.events != nil {
		c.events.End(c.stream.receivedTrailer(), err)
	}
	c.opts.deliver(&c.client.conn.clientPeer, c.stream)
}

// measuresRequests reports whether anybody asks for the sizes of messages to the handler.
func (c *clientCall) measuresRequests() bool {
	server := c.client.server
	_, isLimited := c.opts.maxSendSize()
	return isLimited || c.events != nil || server.stats != nil || server.maxRecvSize >= 0
}

// measuresResponses reports whether the caller asks for the sizes of messages from the
// handler.
func (c *clientCall) measuresResponses() bool {
	_, isLimited := c.opts.maxRecvSize()
	return isLimited || c.events != nil
}
