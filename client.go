package inprocchain

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc"

	"github.com/fullstorydev/grpchan"

	"github.com/inprocchain/inprocchain/internal/clientconn"
	"github.com/inprocchain/inprocchain/internal/fold"
	"github.com/inprocchain/inprocchain/internal/observe"
	"github.com/inprocchain/inprocchain/internal/rpc"
)

var _ grpchan.WrappedClientConn = (*Client)(nil)

// A Client is one client of the services of a [Channel], with client interceptors, stats
// handlers, default call options and credentials of its own, as a second [*grpc.ClientConn] to
// a server has. Generated clients call the services through it. [Channel.NewClient] makes it;
// the methods of the zero Client panic. All methods may be called concurrently.
type Client struct {
	chain    Chain
	services *services
	inner    *rpc.Client // the end of the client interceptors
	invoker  grpc.UnaryInvoker
	streamer grpc.Streamer
	dialed   []*dialed
	closing  *rpc.ClientConn // ends the RPCs; nil for a Channel's own client

	mu     sync.Mutex                      // held while conn or closed is made
	conn   atomic.Pointer[clientconn.Conn] // of ClientConn; nil until it is called
	closed atomic.Pointer[clientconn.Conn] // for client interceptors, before that
}

// newClient returns a client of the services with the client side of chain. closing may be
// nil.
func newClient(chain Chain, s *services, closing *rpc.ClientConn) *Client {
	dialed, remotes := dialAll(chain)
	inner := rpc.NewClient(s.server, rpc.ClientConfig{
		Addr:      chain.address(),
		UserAgent: chain.userAgent,
		Stats:     observe.Combine(chain.clientStats),
		Cloner:    chain.cloner,
		Share:     chain.shared,
		Remotes:   remotes,
		Peer:      chain.peer,
	})
	if closing != nil {
		inner = inner.OnClientConn(closing)
	}
	c := &Client{chain: chain, services: s, inner: inner, dialed: dialed, closing: closing}
	c.intercept()
	return c
}

// intercept sets the interceptors around inner.
func (c *Client) intercept() {
	c.invoker = fold.UnaryInvoker(c.chain.unaryClient, c.inner.Invoke)
	c.streamer = fold.Streamer(c.chain.streamClient, c.inner.NewStream)
}

// Invoke makes a unary RPC, as [grpc.ClientConn.Invoke] does. Generated clients
// call it.
//
// Its error is nil or a status. The caller may reuse the request once Invoke
// returns, even after a timeout. A nil request is an empty message.
func (c *Client) Invoke(ctx context.Context, method string, req, reply any, opts ...grpc.CallOption) error {
	c.mustBeMade("Invoke")
	return c.invoker(ctx, method, req, reply, c.connFor(len(c.chain.unaryClient)), c.withDefaults(opts)...)
}

// NewStream makes a streaming RPC, as [grpc.ClientConn.NewStream] does. The caller must
// end the stream in one of the ways that are listed there. Generated clients call it.
//
// Its error, and the errors of the stream's methods, are statuses, or [io.EOF] where
// the stream ends without an error. The caller may reuse a message once SendMsg returns.
func (c *Client) NewStream(ctx context.Context, desc *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	c.mustBeMade("NewStream")
	return c.streamer(ctx, desc, c.connFor(len(c.chain.streamClient)), method, c.withDefaults(opts)...)
}

// withDefaults returns the default call options and then opts, as combine of
// grpc-go's call.go does. The result has no spare capacity, so each client interceptor may
// append to it.
func (c *Client) withDefaults(opts []grpc.CallOption) []grpc.CallOption {
	defaults := c.chain.callOptions
	if len(defaults) == 0 {
		return opts
	}
	combined := make([]grpc.CallOption, len(defaults)+len(opts))
	copy(combined, defaults)
	copy(combined[len(defaults):], opts)
	return combined
}

// Chain returns the chain that RPCs of the client run: its own client side, and the server
// side of the Channel.
func (c *Client) Chain() Chain {
	c.mustBeMade("Chain")
	return c.chain
}

// Unwrap returns the underlying [*inprocgrpc.Channel], as [Channel.Unwrap] does.
func (c *Client) Unwrap() grpc.ClientConnInterface {
	c.mustBeMade("Unwrap")
	return c.services.inproc
}

// String names the address, the services and the chain of the client. The text is for people
// and may change.
func (c *Client) String() string {
	if c == nil || c.services == nil {
		return "inprocchain.Client(none)"
	}
	return "inprocchain.Client " + c.text()
}

func (c *Client) text() string {
	names := slices.Sorted(maps.Keys(c.services.inproc.GetServiceInfo()))
	return fmt.Sprintf("at %v with services %v\n%v", c.chain.address(), names, c.chain)
}

// ClientConn returns a real [*grpc.ClientConn] whose RPCs are those of the client. It is
// [Channel.ClientConn] for this client.
func (c *Client) ClientConn() *grpc.ClientConn {
	c.mustBeMade("ClientConn")
	if made := c.conn.Load(); made != nil {
		return made.ClientConn
	}
	return c.makeClientConn()
}

func (c *Client) makeClientConn() *grpc.ClientConn {
	c.mu.Lock()
	defer c.mu.Unlock()
	if made := c.conn.Load(); made != nil {
		return made.ClientConn
	}
	conn, err := clientconn.New(c.chain.address(), c.onClientConn)
	if err != nil {
		// grpc.NewClient refuses options and targets, which are fixed here.
		panic("inprocchain: ClientConn: " + err.Error())
	}
	c.conn.Store(conn)
	isOpen := c.services.add(c)
	switch {
	case c.closing.IsClosed():
		c.services.remove(c)
		_ = conn.ClientConn.Close() // Its RPCs are canceled.
	case !isOpen:
		conn.Retire()
	}
	return conn.ClientConn
}

// onClientConn returns a Client like c for the RPCs that are made on conn, which is
// the ClientConn of c. closed ends them.
func (c *Client) onClientConn(conn *clientconn.Conn) (_ grpc.ClientConnInterface, closed func()) {
	closing := rpc.NewClientConn()
	on := &Client{chain: c.chain, services: c.services, inner: c.inner.OnClientConn(closing)}
	on.intercept()
	on.conn.Store(conn)
	return on, closing.Close
}

// connFor returns the ClientConn for client interceptors, if there are any. It is closed,
// and so has no goroutines, until somebody calls ClientConn.
func (c *Client) connFor(interceptors int) *grpc.ClientConn {
	if interceptors == 0 {
		return nil
	}
	if made := c.conn.Load(); made != nil {
		return made.ClientConn
	}
	if made := c.closed.Load(); made != nil {
		return made.ClientConn
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if made := c.closed.Load(); made != nil {
		return made.ClientConn
	}
	conn, err := clientconn.NewClosed(c.chain.address(), c)
	if err != nil {
		panic("inprocchain: ClientConn: " + err.Error()) // as in makeClientConn
	}
	c.closed.Store(conn)
	return conn.ClientConn
}

// Close ends this client alone, as closing a [*grpc.ClientConn] does: its RPCs get Canceled,
// including those in flight, and its connections to remote services are closed. It does not
// wait for handlers, nor for the server's stats handlers. Those of the client see ConnEnd before it
// returns, unless the connection still begins. The Channel and its other clients continue. Close clients that you make
// often; one that is kept takes about three kilobytes until the Channel is closed.
//
// It always returns nil. It may be called any number of times, and concurrently.
func (c *Client) Close() error {
	c.mustBeMade("Close")
	c.closing.Close()
	c.services.remove(c)
	if conn := c.conn.Load(); conn != nil {
		_ = conn.ClientConn.Close() // Its RPCs are canceled.
	}
	c.closeDialed()
	c.inner.Close()
	return nil
}

// retire lets go of the goroutines of a client whose RPCs have ended.
func (c *Client) retire() {
	if conn := c.conn.Load(); conn != nil {
		conn.Retire()
	}
	c.closeDialed()
}

func (c *Client) closeDialed() {
	for _, d := range c.dialed {
		d.close()
	}
}

func (c *Client) mustBeMade(method string) {
	if c == nil || c.services == nil {
		misuse("Client."+method, "the Client is nil or zero; make it with NewClient of a Channel")
	}
}
