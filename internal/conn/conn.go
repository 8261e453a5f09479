// Package conn makes a *grpc.ClientConn whose RPCs run on a channel: for APIs
// that take nothing else. It has two interceptors that never call on, so that
// nothing is ever dialled.
package conn

import (
	"context"
	"io"
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

	closed context.Context
	close  context.CancelCauseFunc
}

// New returns a connection whose RPCs run on channel.
func New(channel grpc.ClientConnInterface) (*Conn, error) {
	c := &Conn{channel: channel}
	c.closed, c.close = context.WithCancelCause(context.Background())
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
	ctx, leave := c.join(ctx)
	defer leave()
	return c.channel.Invoke(ctx, method, req, reply, opts...)
}

func (c *Conn) stream(ctx context.Context, desc *grpc.StreamDesc, _ *grpc.ClientConn, method string, _ grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	ctx, leave := c.join(ctx)
	s, err := c.channel.NewStream(ctx, desc, method, opts...)
	if err != nil {
		leave()
		return nil, err
	}
	forget := context.AfterFunc(ctx, leave) // it may be abandoned by cancelling
	return &stream{ClientStream: s, oneAnswer: !desc.ServerStreams, leave: func() {
		forget()
		leave()
	}}, nil
}

// A stream leaves when it has ended for its caller. OnFinish would tell too
// early: interceptors may make another attempt.
type stream struct {
	grpc.ClientStream
	oneAnswer bool
	leave     func()
}

func (s *stream) SendMsg(m any) error {
	err := s.ClientStream.SendMsg(m)
	if err != nil && err != io.EOF {
		s.leave()
	}
	return err
}

func (s *stream) RecvMsg(m any) error {
	err := s.ClientStream.RecvMsg(m)
	if err != nil || s.oneAnswer {
		s.leave()
	}
	return err
}

// join returns a context that ends with the connection, too, until leave is called.
func (c *Conn) join(ctx context.Context) (_ context.Context, leave func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	if c.closed.Err() != nil {
		cancel(transport.ErrConnClosing)
	}
	stop := context.AfterFunc(c.closed, func() { cancel(transport.ErrConnClosing) })
	return ctx, func() {
		stop()
		cancel(nil)
	}
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
		w.conn.close(transport.ErrConnClosing)
	}
}
