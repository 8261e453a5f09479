package rpc

import (
	"context"
	"net"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/stats"
)

// A Client makes RPCs to the services of a Server: the caller's side of a channel,
// inside its client interceptors.
type Client struct {
	server *Server
	conn   *connection
	format *format // of messages that no codec is named for

	remotes    []*Remote
	peer       func(context.Context) *peer.Peer // that handlers see; may be nil, and return nil
	clientConn *ClientConn                      // that the RPCs are made on; nil if it is the Channel
}

// A ClientConfig says how a client differs from others.
type ClientConfig struct {
	Addr      net.Addr
	UserAgent string            // in addition to grpc-go's; may be empty
	Stats     stats.Handler     // may be nil
	Cloner    inprocgrpc.Cloner // may be nil
	Share     bool              // Generated messages are shared instead of copied.
	Remotes   []*Remote
	Peer      func(context.Context) *peer.Peer // that handlers see; may be nil, and return nil
}

// NewClient returns a client of s, with a connection of its own.
func NewClient(s *Server, config ClientConfig) *Client {
	return &Client{
		server:  s,
		remotes: config.Remotes,
		peer:    config.Peer,
		conn:    newConnection(s, config.Addr, config.UserAgent, config.Stats),
		format:  newFormat(config.Cloner, config.Share),
	}
}

// Close ends the client's connection for stats handlers. It ends no RPC.
func (c *Client) Close() {
	defer c.server.removeConnection(c.conn) // afterwards, so that Shutdown waits for its end
	c.conn.end()
}

// OnClientConn returns a client like c whose RPCs are made on conn.
func (c *Client) OnClientConn(conn *ClientConn) *Client {
	on := *c
	on.clientConn = conn
	return &on
}

// Invoke is the [grpc.UnaryInvoker] at the end of the client interceptors.
func (c *Client) Invoke(ctx context.Context, method string, req, reply any, _ *grpc.ClientConn, opts ...grpc.CallOption) error {
	if remote := c.remoteOf(method); remote != nil {
		return c.invokeRemote(ctx, remote, method, req, reply, opts)
	}
	found, _ := c.server.methods.find(method)
	if found == nil || found.unary == nil {
		return c.invokeStream(ctx, method, req, reply, opts)
	}
	u := new(unaryCaller)
	u.isContextLent, u.handler.served = true, found
	if err := u.prepare(c, ctx, method, opts); err != nil {
		return err
	}
	return u.invoke(req, reply)
}

// NewStream is the [grpc.Streamer] at the end of the client interceptors.
func (c *Client) NewStream(ctx context.Context, desc *grpc.StreamDesc, _ *grpc.ClientConn, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	if remote := c.remoteOf(method); remote != nil {
		return c.newRemoteStream(ctx, remote, desc, method, opts)
	}
	s := &clientStream{desc: desc}
	if err := s.prepare(c, ctx, method, opts); err != nil {
		return nil, err
	}
	if err := s.open(); err != nil {
		return nil, err
	}
	return s, nil
}

// invokeStream calls a streaming method, or an unknown one, like a unary method, as
// grpc-go's invoke in call.go calls every method.
func (c *Client) invokeStream(ctx context.Context, method string, req, reply any, opts []grpc.CallOption) error {
	s := &clientStream{desc: &grpc.StreamDesc{}, isInvoke: true}
	if err := s.prepare(c, ctx, method, opts); err != nil {
		return err
	}
	if err := s.openWith(req); err != nil {
		return err
	}
	return s.RecvMsg(reply)
}

// authInfoOf returns what inprocgrpc tells of the security of its connections.
func authInfoOf(ch *inprocgrpc.Channel) credentials.AuthInfo {
	var p peer.Peer
	// It tells of its peer first, and then that there is no request.
	_ = ch.Invoke(context.Background(), "/", nil, nil, grpc.Peer(&p))
	return p.AuthInfo
}
