package rpc

import (
	"context"
	"io"
	"slices"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain/internal/wire"
)

// A Remote makes RPCs for services that are elsewhere, on another connection. They have
// that connection's stats handlers and credentials.
type Remote struct {
	// Services has the names of the services, or is nil for all that are not registered.
	Services []string
	// Conn returns the connection. It is called for each RPC.
	Conn func() (grpc.ClientConnInterface, error)
}

// remoteOf returns the Remote that makes the RPCs of a method, or nil if the server serves
// them. Of several, it is the last.
func (c *Client) remoteOf(fullMethod string) *Remote {
	if len(c.remotes) == 0 {
		return nil
	}
	service := serviceOf(fullMethod)
	for _, remote := range slices.Backward(c.remotes) {
		if slices.Contains(remote.Services, service) {
			return remote
		}
	}
	if c.server.methods.has(fullMethod) {
		return nil
	}
	for _, remote := range slices.Backward(c.remotes) {
		if remote.Services == nil {
			return remote
		}
	}
	return nil
}

// A remoteRPC is an RPC on another connection.
type remoteRPC struct {
	method          string
	entry           Entry
	end             context.CancelCauseFunc
	clientConnEntry *Entry // watches the ClientConn; nil if there is none
}

// beginRemote accepts an RPC on another connection, until leave. ctx ends when the Channel
// is closed, or the ClientConn that the RPC is made on.
func (c *Client) beginRemote(caller context.Context, remote *Remote, method string) (_ context.Context, conn grpc.ClientConnInterface, rpc *remoteRPC, err error) {
	if c.clientConn.IsClosed() {
		return nil, nil, nil, wire.ErrClientConnClosing
	}
	passed := passedKey{c.server, method}
	if caller.Value(passed) != nil {
		return nil, nil, nil, status.Errorf(codes.Internal, "inprocchain: the RPC %s has come back to the Channel that sent it to another connection; register its service somewhere, or let the connections not refer to each other", method)
	}
	ctx, end := context.WithCancelCause(context.WithValue(caller, passed, true))
	rpc = &remoteRPC{method: method, end: end}
	if err := c.server.acceptRemote(caller, &rpc.entry, rpc); err != nil { // From here on, cancel may be called.
		end(nil)
		return nil, nil, nil, err
	}
	rpc.clientConnEntry = c.clientConn.watch(caller, rpc)
	conn, err = remote.Conn()
	if err != nil {
		rpc.leave()
		return nil, nil, nil, err
	}
	return ctx, conn, rpc, nil
}

// passedKey is the key of a context whose RPC has passed a server on its way to another
// connection. Credentials of that connection may make other RPCs with the same context.
type passedKey struct {
	server *Server
	method string
}

// Method returns the full method.
func (rpc *remoteRPC) Method() string { return rpc.method }

func (rpc *remoteRPC) cancel(err error) { rpc.end(err) }

// leave may be called any number of times, and concurrently.
func (rpc *remoteRPC) leave() {
	rpc.clientConnEntry.Leave()
	rpc.end(nil)
	rpc.entry.Leave()
}

// invokeRemote makes a unary RPC.
func (c *Client) invokeRemote(ctx context.Context, remote *Remote, method string, req, reply any, opts []grpc.CallOption) error {
	ctx, conn, rpc, err := c.beginRemote(ctx, remote, method)
	if err != nil {
		callOptions(opts).onFinish(err)
		return err
	}
	defer rpc.leave()
	return closedStatus(ctx, conn.Invoke(ctx, method, req, reply, opts...))
}

// closedStatus returns err, or the reason for which the context of beginRemote has ended.
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

// newRemoteStream makes a streaming RPC.
func (c *Client) newRemoteStream(ctx context.Context, remote *Remote, desc *grpc.StreamDesc, method string, opts []grpc.CallOption) (grpc.ClientStream, error) {
	ctx, conn, rpc, err := c.beginRemote(ctx, remote, method)
	if err != nil {
		callOptions(opts).onFinish(err)
		return nil, err
	}
	isOpen := false
	defer func() {
		if !isOpen {
			rpc.leave()
		}
	}()
	stream, err := conn.NewStream(ctx, desc, method, opts...)
	if err != nil {
		return nil, closedStatus(ctx, err)
	}
	isOpen = true
	context.AfterFunc(ctx, rpc.leave)
	return &remoteStream{ClientStream: stream, ctx: ctx, rpc: rpc, serverStreams: desc.ServerStreams}, nil
}

// A remoteStream notices the end of its RPC.
type remoteStream struct {
	grpc.ClientStream
	ctx           context.Context
	rpc           *remoteRPC
	serverStreams bool
}

func (s *remoteStream) RecvMsg(m any) error {
	err := s.ClientStream.RecvMsg(m)
	if err != nil || !s.serverStreams {
		err = closedStatus(s.ctx, err)
		s.rpc.leave()
	}
	return err
}

func (s *remoteStream) SendMsg(m any) error {
	err := s.ClientStream.SendMsg(m)
	return s.leaveFor(err)
}

func (s *remoteStream) Header() (metadata.MD, error) {
	header, err := s.ClientStream.Header()
	return header, s.leaveFor(err)
}

// leaveFor ends the RPC for an error that ends a stream: any but io.EOF, which RecvMsg
// follows.
func (s *remoteStream) leaveFor(err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	err = closedStatus(s.ctx, err)
	s.rpc.leave()
	return err
}
