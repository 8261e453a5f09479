package rpc

import (
	"context"
	"io"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain/internal/wire"
)

// A Fallback makes the RPCs whose services are not registered on another
// connection. They have that connection's client side, and none of the Channel's.
type Fallback struct {
	server     *Server
	conn       grpc.ClientConnInterface
	clientConn *ClientConn // as in Client
}

// NewFallback returns the fallback of s to conn.
func NewFallback(s *Server, conn grpc.ClientConnInterface) *Fallback {
	return &Fallback{server: s, conn: conn}
}

// OnClientConn returns a fallback like f whose RPCs are made on conn.
func (f *Fallback) OnClientConn(conn *ClientConn) *Fallback {
	on := *f
	on.clientConn = conn
	return &on
}

// Serves reports whether the service of a method is not registered.
func (f *Fallback) Serves(fullMethod string) bool {
	f.server.methods.read() // Later, no service may be registered on the Channel.
	return !f.server.methods.has(fullMethod)
}

// A fallbackRPC is an RPC on the other connection.
type fallbackRPC struct {
	entry           Entry
	end             context.CancelCauseFunc
	clientConnEntry *Entry // watches the ClientConn; nil if there is none
	once            sync.Once
}

// begin accepts an RPC, until leave. ctx ends when the Channel is closed, or the
// ClientConn of the Channel that the RPC is made on.
func (f *Fallback) begin(caller context.Context, method string) (_ context.Context, rpc *fallbackRPC, err error) {
	if f.clientConn.isClosed() {
		return nil, nil, wire.ErrClientConnClosing
	}
	ctx, end := context.WithCancelCause(caller)
	rpc = &fallbackRPC{end: end}
	if err := f.server.acceptRemote(caller, &rpc.entry, method, rpc); err != nil { // From here on, cancel may be called.
		end(nil)
		return nil, nil, err
	}
	rpc.clientConnEntry = f.clientConn.watch(caller, method, rpc)
	return ctx, rpc, nil
}

func (rpc *fallbackRPC) cancel(err error) { rpc.end(err) }

func (rpc *fallbackRPC) leave() {
	rpc.once.Do(func() {
		rpc.clientConnEntry.Leave()
		rpc.end(nil)
		rpc.entry.Leave()
	})
}

// Invoke makes a unary RPC.
func (f *Fallback) Invoke(ctx context.Context, method string, req, reply any, opts ...grpc.CallOption) error {
	ctx, rpc, err := f.begin(ctx, method)
	if err != nil {
		callOptions(opts).onFinish(err)
		return err
	}
	defer rpc.leave()
	return closedStatus(ctx, f.conn.Invoke(ctx, method, req, reply, opts...))
}

// closedStatus returns err, or the reason for which begin's context has ended.
func closedStatus(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	cause := context.Cause(ctx)
	if isOurs := cause == errClosed || cause == wire.ErrClientConnClosing; isOurs && status.Code(err) == codes.Canceled {
		return cause
	}
	return err // It came first.
}

// NewStream makes a streaming RPC.
func (f *Fallback) NewStream(ctx context.Context, desc *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	ctx, rpc, err := f.begin(ctx, method)
	if err != nil {
		callOptions(opts).onFinish(err)
		return nil, err
	}
	stream, err := f.conn.NewStream(ctx, desc, method, opts...)
	if err != nil {
		defer rpc.leave()
		return nil, closedStatus(ctx, err)
	}
	context.AfterFunc(ctx, rpc.leave)
	return &fallbackStream{ClientStream: stream, ctx: ctx, rpc: rpc, serverStreams: desc.ServerStreams}, nil
}

// A fallbackStream notices the end of its RPC.
type fallbackStream struct {
	grpc.ClientStream
	ctx           context.Context
	rpc           *fallbackRPC
	serverStreams bool
}

func (s *fallbackStream) RecvMsg(m any) error {
	err := s.ClientStream.RecvMsg(m)
	if err != nil || !s.serverStreams {
		err = closedStatus(s.ctx, err)
		s.rpc.leave()
	}
	return err
}

func (s *fallbackStream) SendMsg(m any) error {
	err := s.ClientStream.SendMsg(m)
	return s.leaveFor(err)
}

func (s *fallbackStream) Header() (metadata.MD, error) {
	header, err := s.ClientStream.Header()
	return header, s.leaveFor(err)
}

// leaveFor ends the RPC for an error that ends a stream: any but io.EOF, which RecvMsg
// follows.
func (s *fallbackStream) leaveFor(err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	err = closedStatus(s.ctx, err)
	s.rpc.leave()
	return err
}
