package rpc

import (
	"context"
	"io"
	"maps"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/inprocchain/inprocchain/internal/message"
	"github.com/inprocchain/inprocchain/internal/wire"
)

// A directRPC is an RPC that is made on the [inprocgrpc.Channel] itself, by an API that
// takes nothing else. The channel makes the caller's half of it and calls the handler with
// the interceptors and the cloner below, which join the path of all other RPCs at the
// server's stats handlers.
type directRPC struct {
	handlerCall
	stopWatching func() bool // the context of the caller

	// setTrailer sets the trailer of inprocgrpc's client. It is nil for a handler that is
	// written by hand and has made the context.
	setTrailer func(metadata.MD) error
}

// newDirect accepts an RPC whose handler's context is ctx.
func (s *Server) newDirect(ctx context.Context, method string) (*directRPC, error) {
	rpc := new(directRPC)
	rpc.stream.claimed.Store(true) // inprocgrpc has started the handler's goroutine.
	if below := grpc.ServerTransportStreamFromContext(ctx); below != nil {
		rpc.sendBelow = func(header metadata.MD) error { return below.SendHeader(wire.Traveling(header)) }
		rpc.setTrailer = below.SetTrailer
	}
	caller := &clientCall{method: method, ctx: inprocgrpc.ClientContext(ctx), format: s.format}
	if caller.ctx == nil {
		caller.ctx = ctx // A handler that is written by hand has made the context.
	}
	caller.setDeadline(caller.ctx)
	s.methods.read(method) // From now on, RegisterService refuses services.
	if err := s.direct.begin(caller); err != nil {
		return nil, err
	}
	rpc.init(s.direct, caller, withParentValues{ctx, s.direct.serverCtx}, s.direct.headerWith(ctx))
	if err := s.accept(caller.ctx, &rpc.handlerCall); err != nil {
		rpc.stream.cancelHandler()
		return nil, err
	}
	rpc.stopWatching = context.AfterFunc(ctx, func() { rpc.stream.end(byClient, wire.ContextStatus(ctx)) })
	return rpc, nil
}

// headerWith returns the incoming metadata of a handler that inprocgrpc has called with ctx.
func (c *connection) headerWith(ctx context.Context) metadata.MD {
	header := c.request.Header()
	if sent, ok := metadata.FromIncomingContext(ctx); ok {
		maps.Copy(header, wire.Traveling(sent))
	}
	return header
}

// withParentValues has the values of a context, and then those of another one.
type withParentValues struct {
	context.Context
	parent context.Context
}

func (c withParentValues) Value(key any) any {
	if value := c.Context.Value(key); value != nil {
		return value
	}
	return c.parent.Value(key)
}

// result ends an RPC that has been answered with err. It returns the status that inprocgrpc
// gives its client.
func (rpc *directRPC) result(err error) error {
	rpc.tellEnd(err)
	if rpc.setTrailer != nil {
		_ = rpc.setTrailer(rpc.stream.receivedTrailer())
	}
	rpc.stream.mu.Lock()
	defer rpc.stream.mu.Unlock()
	return rpc.stream.status
}

// directUnary serves a unary RPC whose request inprocgrpc has copied.
func (s *Server) directUnary(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	rpc, err := s.newDirect(ctx, info.FullMethod)
	if err != nil {
		return nil, err
	}
	hasReturned := false
	defer func() { rpc.afterHandler(hasReturned) }()
	defer rpc.stopWatching()
	rpc.begin(false, false)
	var resp any
	var copied *message.Copy
	if err = rpc.receiveMsg(req); err == nil {
		resp, err = s.callUnary(rpc.ctx, req, info, handler)
	}
	if err == nil {
		copied, err = rpc.respond(resp)
	} else {
		err = wire.HandlerStatus(err)
		rpc.sendStatus(err)
	}
	received := rpc.result(err)
	hasReturned = true
	switch {
	case received != nil:
		return nil, received
	case err != nil: // Its code is OK.
		return nil, wire.ErrNoResponse
	}
	return copied, nil
}

// receiveMsg tells stats handlers of a message that has been received. Its error is the status
// of one that is too large.
func (rpc *directRPC) receiveMsg(m any) error {
	if rpc.events == nil && rpc.server().maxRecvSize < 0 {
		return nil
	}
	size := message.Size(m)
	if err := rpc.server().checkReceived(size); err != nil {
		return err
	}
	rpc.events.InPayload(m, size)
	return nil
}

func (s *Server) callUnary(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	if s.unaryChain == nil {
		return handler(ctx, req)
	}
	return s.unaryChain(ctx, req, info, handler)
}

// respond ends the RPC with a response, of which it returns a copy.
func (rpc *directRPC) respond(resp any) (*message.Copy, error) {
	copied := new(message.Copy)
	if err := rpc.stream.format.toClient.Copy(copied, resp, rpc.measures); err != nil {
		rpc.sendStatus(err)
		return nil, err
	}
	empty := message.Copy{} // The transport stream must not keep the response.
	if err := rpc.sendResponse(&empty, resp, copied.Size()); err != nil {
		return nil, err
	}
	return copied, nil
}

// directStream serves a streaming RPC on a stream of inprocgrpc.
func (s *Server) directStream(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	rpc, err := s.newDirect(ss.Context(), info.FullMethod)
	if err != nil {
		return err
	}
	if w, ok := srv.(wrapper); ok {
		srv = w.impl
	}
	hasReturned := false
	defer func() { rpc.afterHandler(hasReturned) }()
	defer rpc.stopWatching()
	rpc.begin(info.IsClientStream, info.IsServerStream)
	stream := &directStream{below: ss, rpc: rpc}
	if s.streamChain == nil {
		err = handler(srv, stream)
	} else {
		err = s.streamChain(srv, stream, info, handler)
	}
	if err != nil {
		err = wire.HandlerStatus(err)
	}
	rpc.sendStatus(err)
	received := rpc.result(err)
	hasReturned = true
	return received
}

// A directStream is the stream of a directRPC. Its messages pass through below.
type directStream struct {
	below grpc.ServerStream
	rpc   *directRPC
}

func (s *directStream) Context() context.Context { return s.rpc.ctx }

func (s *directStream) SetHeader(md metadata.MD) error {
	if err := wire.Validate(md); err != nil {
		return err
	}
	return s.rpc.SetHeader(md)
}

func (s *directStream) SendHeader(md metadata.MD) error {
	if err := wire.Validate(md); err != nil {
		return err
	}
	return s.rpc.SendHeader(md)
}

func (s *directStream) SetTrailer(md metadata.MD) { _ = s.rpc.SetTrailer(md) }

func (s *directStream) SendMsg(m any) error {
	err := s.rpc.sendHeader(nil, nil)
	if err == nil {
		err = s.rpc.whyEnded() // The header may have been sent before the end.
	}
	if err == errHeaderLost {
		s.rpc.stream.loseHeader()
	} else if err != nil {
		return err
	}
	if err := s.below.SendMsg(m); err != nil {
		return s.failed(err)
	}
	if s.rpc.events != nil {
		s.rpc.events.OutPayload(m, message.Size(m))
	}
	return nil
}

func (s *directStream) RecvMsg(m any) error {
	err := s.below.RecvMsg(m)
	switch {
	case err == io.EOF:
		return err
	case err == nil:
		err = s.rpc.receiveMsg(m)
	}
	if err != nil {
		return s.failed(err)
	}
	return nil
}

// failed ends the RPC with an error of below.
func (s *directStream) failed(err error) error {
	if err != io.EOF {
		err = wire.HandlerStatus(err)
	}
	s.rpc.sendStatus(err)
	return err
}

// A directCloner copies the messages of direct RPCs. It hands over what respond has
// copied, and fails once somebody has set a hook of the channel.
type directCloner struct {
	server *Server
}

// Clone returns a copy of in, as a [message.Copy].
func (c *directCloner) Clone(in any) (any, error) {
	if err := c.server.checkHooks(); err != nil {
		return nil, err
	}
	copied := new(message.Copy)
	if err := c.server.format.toServer.Copy(copied, in, false); err != nil {
		return nil, err
	}
	return copied, nil
}

// Copy sets out to a copy of in, or takes in over if it is a [message.Copy].
func (c *directCloner) Copy(out, in any) error {
	copied, ok := in.(*message.Copy)
	if !ok {
		cloned, err := c.Clone(in)
		if err != nil {
			return err
		}
		copied = cloned.(*message.Copy)
	} else if err := c.server.checkHooks(); err != nil {
		return err
	}
	return c.server.format.toServer.HandOver(out, copied)
}
