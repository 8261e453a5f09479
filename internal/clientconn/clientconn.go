// Package clientconn makes a *grpc.ClientConn whose RPCs run on another channel, for
// APIs that take nothing else. It has two interceptors that never call their invoker
// or streamer, so that it never dials.
package clientconn

import (
	"context"
	"net"
	"net/url"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/resolver"
)

const scheme = "inproc"

// A Conn is a ClientConn, and what happens when it is closed.
type Conn struct {
	// ClientConn is the connection to hand out. Any holder may close it: its RPCs,
	// including those in flight, are then canceled, as on a network.
	ClientConn *grpc.ClientConn

	channel grpc.ClientConnInterface
	retired atomic.Bool
	closed  func() // called when a holder has closed the connection
}

// New returns a connection whose RPCs run on the channel that channelOf returns. closed
// is called when a holder has closed the connection. addr is in its target.
func New(addr net.Addr, channelOf func(*Conn) (channel grpc.ClientConnInterface, closed func())) (*Conn, error) {
	c := new(Conn)
	c.channel, c.closed = channelOf(c)
	cc, err := grpc.NewClient(targetOf(addr),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithUnaryInterceptor(c.unary),
		grpc.WithStreamInterceptor(c.stream),
		grpc.WithResolvers(closeWatcher{c}),
		grpc.WithIdleTimeout(0), // An idle connection closes its resolver.
		grpc.WithDisableServiceConfig(),
	)
	if err != nil {
		return nil, err
	}
	cc.Connect() // builds the resolver
	c.ClientConn = cc
	return c, nil
}

// targetOf returns the target of a connection to addr. As with other schemes, the
// address is escaped only if it is no path of a URL as it is.
func targetOf(addr net.Addr) string {
	path := "/" + addr.String()
	target := scheme + "://" + path
	if parsed, err := url.Parse(target); err == nil && parsed.Path == path {
		return target
	}
	return scheme + "://" + (&url.URL{Path: path}).EscapedPath()
}

// Retire closes the connection. Its RPCs in flight go on.
func (c *Conn) Retire() {
	c.retired.Store(true)
	_ = c.ClientConn.Close() // It may have been closed before.
}

func (c *Conn) unary(ctx context.Context, method string, req, reply any, _ *grpc.ClientConn, _ grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	return c.channel.Invoke(ctx, method, req, reply, opts...)
}

func (c *Conn) stream(ctx context.Context, desc *grpc.StreamDesc, _ *grpc.ClientConn, method string, _ grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	return c.channel.NewStream(ctx, desc, method, opts...)
}

// A closeWatcher is a resolver that resolves nothing. A ClientConn that is closed
// closes its resolver, and notifies nobody else.
type closeWatcher struct{ conn *Conn }

func (w closeWatcher) Scheme() string { return scheme }

func (w closeWatcher) Build(resolver.Target, resolver.ClientConn, resolver.BuildOptions) (resolver.Resolver, error) {
	return w, nil
}

func (w closeWatcher) ResolveNow(resolver.ResolveNowOptions) {}

func (w closeWatcher) Close() {
	if !w.conn.retired.Load() {
		w.conn.closed()
	}
}
