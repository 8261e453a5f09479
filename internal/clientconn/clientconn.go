// Package clientconn makes a *grpc.ClientConn whose RPCs run on another channel, for
// APIs that accept only that type. The ClientConn has two interceptors that never call
// their invoker or streamer, so it never dials.
package clientconn

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"strings"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/resolver"
)

const scheme = "inproc"

// A Conn has a ClientConn and reports when it is closed.
type Conn struct {
	// ClientConn is the connection for users. Any holder may close it. Then all its
	// RPCs are canceled, including those in flight, as on a network.
	ClientConn *grpc.ClientConn

	channel grpc.ClientConnInterface
	retired atomic.Bool
	closed  func() // called when a holder has closed the connection
}

// New returns a connection whose RPCs run on the channel that channelOf returns. closed
// is called when a holder has closed the connection. The target of the connection
// contains addr.
func New(addr net.Addr, channelOf func(*Conn) (channel grpc.ClientConnInterface, closed func())) (*Conn, error) {
	c := new(Conn)
	c.channel, c.closed = channelOf(c)
	if err := c.dial(addr); err != nil {
		return nil, err
	}
	c.ClientConn.Connect() // builds the resolver
	return c, nil
}

// NewClosed returns a connection whose RPCs run on channel, and which is closed already, so
// that it has no goroutines. A closed ClientConn still calls its interceptors.
func NewClosed(addr net.Addr, channel grpc.ClientConnInterface) (*Conn, error) {
	c := &Conn{channel: channel}
	if err := c.dial(addr); err != nil {
		return nil, err
	}
	c.Retire()
	return c, nil
}

func (c *Conn) dial(addr net.Addr) (err error) {
	c.ClientConn, err = grpc.NewClient(targetOf(addr),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithUnaryInterceptor(c.unary),
		grpc.WithStreamInterceptor(c.stream),
		grpc.WithResolvers(closeWatcher{c}),
		grpc.WithIdleTimeout(0), // An idle connection closes its resolver.
		grpc.WithDisableServiceConfig(),
		grpc.WithDefaultServiceConfig(fmt.Sprintf(`{"loadBalancingConfig": [{%q: {}}]}`, balancerName)),
	)
	return err
}

// targetOf returns the target of a connection to addr. It escapes the address only if the
// address is not a valid path of a URL.
func targetOf(addr net.Addr) string {
	path := "/" + addr.String()
	target := scheme + "://" + path
	if parsed, err := url.Parse(target); err == nil && parsed.Path == path {
		return target
	}
	return scheme + "://" + (&url.URL{Path: path}).EscapedPath()
}

// IsTarget reports whether target is that of a connection of this package.
func IsTarget(target string) bool { return strings.HasPrefix(target, scheme+":") }

// Retire closes the connection. Its RPCs in flight are not canceled.
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

// A closeWatcher is a resolver with one address, to which nobody connects. Closing a
// ClientConn closes its resolver. There is no other notification.
type closeWatcher struct{ conn *Conn }

func (w closeWatcher) Scheme() string { return scheme }

func (w closeWatcher) Build(_ resolver.Target, cc resolver.ClientConn, _ resolver.BuildOptions) (resolver.Resolver, error) {
	return w, cc.UpdateState(resolver.State{Endpoints: []resolver.Endpoint{{Addresses: []resolver.Address{{Addr: "inproc"}}}}})
}

func (w closeWatcher) ResolveNow(resolver.ResolveNowOptions) {}

func (w closeWatcher) Close() {
	if !w.conn.retired.Load() {
		w.conn.closed()
	}
}
