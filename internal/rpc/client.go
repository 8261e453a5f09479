package rpc

import (
	"cmp"
	"context"
	"net"
	"time"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/stats"

	"github.com/inprocchain/inprocchain/internal/message"
	"github.com/inprocchain/inprocchain/internal/observe"
	"github.com/inprocchain/inprocchain/internal/wire"
)

// A Client makes RPCs to the services of a Server: the caller's side of a channel,
// inside its client interceptors.
type Client struct {
	server *Server
	conn   *connection
	format *format // of messages that no codec is named for

	clientConn *ClientConn // that the RPCs are made on; nil if it is the Channel
}

// A ClientConfig says how a client differs from others.
type ClientConfig struct {
	Addr      net.Addr
	UserAgent string            // in addition to grpc-go's; may be empty
	Stats     stats.Handler     // may be nil
	Cloner    inprocgrpc.Cloner // may be nil
}

// NewClient returns a client of s, with a connection of its own.
func NewClient(s *Server, config ClientConfig) *Client {
	return &Client{
		server: s,
		conn:   newConnection(config.Addr, config.UserAgent, s.authInfo, config.Stats, s.stats),
		format: newFormat(config.Cloner),
	}
}

// OnClientConn returns a client like c whose RPCs are made on conn.
func (c *Client) OnClientConn(conn *ClientConn) *Client {
	on := *c
	on.clientConn = conn
	return &on
}

// Invoke is the [grpc.UnaryInvoker] at the end of the client interceptors.
func (c *Client) Invoke(ctx context.Context, method string, req, reply any, _ *grpc.ClientConn, opts ...grpc.CallOption) error {
	found, _, _ := c.server.methods.find(method)
	if found == nil || found.unary == nil {
		return c.invokeStream(ctx, method, req, reply, opts)
	}
	rpc := &unaryRPC{method: found}
	rpc.response.client = c
	if err := c.prepare(&rpc.call, ctx, method, opts); err != nil {
		return err
	}
	return rpc.invoke(req, reply)
}

// NewStream is the [grpc.Streamer] at the end of the client interceptors.
func (c *Client) NewStream(ctx context.Context, desc *grpc.StreamDesc, _ *grpc.ClientConn, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	s := &clientStream{client: c, desc: desc}
	if err := c.prepare(&s.call, ctx, method, opts); err != nil {
		return nil, err
	}
	if err := s.open(); err != nil {
		return nil, err
	}
	return s, nil
}

// invokeStream calls a streaming method, or an unknown one, like a unary method, as
// grpc-go's invoke in call.go calls every method. An unknown method is refused after
// the request has been sent, so that stats handlers always see both.
func (c *Client) invokeStream(ctx context.Context, method string, req, reply any, opts []grpc.CallOption) error {
	s := &clientStream{client: c, desc: &grpc.StreamDesc{}, unaryCall: true}
	if err := c.prepare(&s.call, ctx, method, opts); err != nil {
		return err
	}
	if err := s.open(); err != nil {
		return err
	}
	err := s.sendUnary(req)
	if err != nil {
		return err
	}
	return s.RecvMsg(reply)
}

// prepare sets call to an RPC. It refuses what grpc-go refuses before it tells
// stats handlers of an RPC: metadata and options that cannot be sent, and a context
// that has ended. See newClientStream of grpc-go's stream.go.
func (c *Client) prepare(call *call, ctx context.Context, method string, opts []grpc.CallOption) error {
	call.ctx = ctx
	call.method = method
	call.opts = newCallOptions(opts)
	call.format = c.format
	call.metadata, _ = metadata.FromOutgoingContext(ctx)
	err := c.check(call)
	if err != nil {
		call.opts.onFinish(err)
	}
	return err
}

func (c *Client) check(call *call) error {
	if err := wire.Validate(call.metadata); err != nil {
		return err
	}
	if len(call.opts) > 0 {
		if err := c.setCodec(call); err != nil {
			return err
		}
		if err := call.opts.checkCompressor(); err != nil {
			return err
		}
	}
	switch {
	case call.ctx.Err() != nil:
		return wire.ContextStatus(call.ctx)
	case c.clientConn.isClosed():
		return wire.ErrClientConnClosing
	}
	return nil
}

// setCodec has the messages of a call encoded and decoded if it names a codec. The
// server has the codec that is registered for the content subtype, or else the
// default one.
func (c *Client) setCodec(call *call) error {
	client, subtype, err := call.opts.codec()
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
	call.format = &named
	return nil
}

// begin tells stats handlers of the call, after those of a connection that is new.
// refused is the error of an RPC that the server has not accepted.
func (c *Client) begin(call *call, refused error, clientStreams, serverStreams bool) {
	if refused == nil {
		c.conn.begin(c.server)
	}
	if c.conn.clientStats == nil {
		return
	}
	call.events = observe.BeginClient(call.ctx, c.conn.clientStats, call.method, call.opts.failFast(), clientStreams, serverStreams)
	call.ctx = call.events.Context(call.ctx)
	call.metadata, _ = metadata.FromOutgoingContext(call.ctx)
}

// sendHeader sends the metadata of a call, and tells stats handlers. It returns the
// values of the handler's context. refused is not nil if the header is sent but the
// server refuses it. err is not nil if it cannot be sent.
//
// It follows NewStream and createHeaderFields of grpc-go's
// internal/transport/http2_client.go.
func (c *Client) sendHeader(call *call) (values context.Context, refused, err error) {
	request, added := &c.conn.request, metadata.MD(nil)
	if len(call.opts) > 0 {
		request = c.requestOf(call)
		if added, err = c.credentialsOf(call, request.Authority); err != nil {
			return nil, nil, err
		}
	}
	if deadline, ok := call.ctx.Deadline(); ok && time.Until(deadline) <= 0 {
		return nil, nil, wire.ErrDeadlineExceeded
	}
	if call.events != nil {
		common := c.conn.outHeader
		if request.Authority != c.conn.request.Authority {
			common = observe.OutHeader(c.conn.addr, request.Authority)
		}
		call.events.OutHeader(common, &c.conn.peer, call.metadata, request.UserAgent)
	}
	if len(call.metadata) == 0 && len(added) == 0 && request == &c.conn.request {
		return c.conn.values, nil, nil
	}
	header, refused := request.HeaderWith(added, call.metadata)
	if refused != nil {
		return nil, refused, nil
	}
	return c.conn.valuesWith(header), nil, nil
}

// requestOf returns the request of a call. It is that of the connection unless an option
// changes it.
func (c *Client) requestOf(call *call) *wire.Request {
	request := &c.conn.request
	authority := cmp.Or(call.opts.authority(), request.Authority)
	if authority == request.Authority && call.format.contentType == request.ContentType {
		return request
	}
	return &wire.Request{Authority: authority, ContentType: call.format.contentType, UserAgent: request.UserAgent}
}

// credentialsOf returns the metadata that the credentials of a call add.
func (c *Client) credentialsOf(call *call, authority string) (metadata.MD, error) {
	creds := call.opts.credentials()
	if creds == nil {
		return nil, nil
	}
	ctx := peer.NewContext(call.ctx, &c.conn.peer)
	return wire.CredentialsMetadata(ctx, authority, call.method, creds)
}

// contextErr returns the error with which the context of an RPC's handler ends if
// that of its client has ended. An error of the client's own stays with it.
func contextErr(client context.Context) error {
	if client.Err() == context.DeadlineExceeded {
		return context.DeadlineExceeded
	}
	return context.Canceled
}

// authInfoOf returns what inprocgrpc tells of the security of its connections.
func authInfoOf(ch *inprocgrpc.Channel) credentials.AuthInfo {
	var p peer.Peer
	// It tells of its peer first, and then that there is no request.
	_ = ch.Invoke(context.Background(), "/", nil, nil, grpc.Peer(&p))
	return p.AuthInfo
}
