// Package conn makes a *grpc.ClientConn whose RPCs run on a channel: for APIs
// that take nothing else. It has two interceptors that never call on, so that
// nothing is ever dialled.
package conn

import (
	"context"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/resolver"

	"github.com/inprocchain/inprocchain/internal/transport"
)

const scheme = "inproc"

// A Conn is a ClientConn and what becomes of the RPCs made on it.
type Conn struct {
	// ClientConn is the connection to hand out. Whoever has it may close it:
	// its RPCs, those in flight too, are then canceled, as on a network.
	ClientConn *grpc.ClientConn

	channel grpc.ClientConnInterface
	retired atomic.Bool

	open  context.Context // until the connection is closed
	close context.CancelFunc
}

// New returns a connection whose RPCs run on channel.
func New(channel grpc.ClientConnInterface) (*Conn, error) {
	c := &Conn{channel: channel}
	c.open, c.close = context.WithCancel(context.Background())
	cc, err := grpc.NewClient(scheme+":///channel",
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithUnaryInterceptor(c.unary),
		grpc.WithStreamInterceptor(c.stream),
		grpc.WithResolvers(watch{c}),
		grpc.WithIdleTimeout(0), // being idle would close the resolver
		grpc.WithDisableServiceConfig(),
	)
	if err != nil {
		return nil, err
	}
	cc.Connect() // builds the resolver
	c.ClientConn = cc
	return c, nil
}

// Retire closes the connection, but leaves its RPCs to the channel.
func (c *Conn) Retire() {
	c.retired.Store(true)
	_ = c.ClientConn.Close() // it may have been closed before
}

func (c *Conn) unary(ctx context.Context, method string, req, reply any, _ *grpc.ClientConn, _ grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	return c.channel.Invoke(ctx, method, req, reply, c.with(opts)...)
}

func (c *Conn) stream(ctx context.Context, desc *grpc.StreamDesc, _ *grpc.ClientConn, method string, _ grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	return c.channel.NewStream(ctx, desc, method, c.with(opts)...)
}

func (c *Conn) with(opts []grpc.CallOption) []grpc.CallOption {
	return append(opts[:len(opts):len(opts)], transport.OnConn{Open: c.open})
}

// A watch is a resolver that resolves nothing. A ClientConn closes its resolver
// when it is closed, and tells nobody else.
type watch struct{ conn *Conn }

func (w watch) Scheme() string { return scheme }

func (w watch) Build(resolver.Target, resolver.ClientConn, resolver.BuildOptions) (resolver.Resolver, error) {
	return w, nil
}

func (w watch) ResolveNow(resolver.ResolveNowOptions) {}

func (w watch) Close() {
	if !w.conn.retired.Load() {
		w.conn.close()
	}
}
