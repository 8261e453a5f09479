package rpc

import (
	"context"
	"io"
	"maps"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	"github.com/inprocchain/inprocchain/internal/message"
	"github.com/inprocchain/inprocchain/internal/observe"
	"github.com/inprocchain/inprocchain/internal/wire"
)

// A directRPC is an RPC that is made on the [inprocgrpc.Channel] itself, by an API
// that takes nothing else. The channel makes the caller's half of it and calls the
// handler with the interceptors and the cloner below, which join the path of all
// other RPCs at the server's stats handlers.
type directRPC struct {
	server   *Server
	response responseState
	events   *observe.Server

	// What inprocgrpc's client sees. They are nil for a handler that is written by
	// hand and has made the context.
	sendHeader func(metadata.MD) error
	setTrailer func(metadata.MD) error
}

// newDirect accepts an RPC whose handler's context is ctx.
func (s *Server) newDirect(ctx context.Context, method string) (_ *directRPC, stop func() bool, err error) {
	rpc := &directRPC{server: s}
	if below := grpc.ServerTransportStreamFromContext(ctx); below != nil {
		rpc.sendHeader, rpc.setTrailer = below.SendHeader, below.SetTrailer
	}
	rpc.response.makeCancelable(nil)
	caller := inprocgrpc.ClientContext(ctx)
	if caller == nil {
		caller = ctx // A handler that is written by hand has made the context.
	}
	if err := s.accept(caller, &rpc.response.entry, method, rpc); err != nil {
		return nil, nil, err
	}
	s.direct.begin(s)
	s.methods.read() // Later, no service may be registered on the Channel.
	rpc.response.context.init(caller, s.direct.valuesOf(ctx))
	rpc.response.format = s.format
	if rpc.sendHeader != nil {
		rpc.response.onHeader = func(header metadata.MD) error { return rpc.sendHeader(wire.Traveling(header)) }
	}
	stop = context.AfterFunc(ctx, func() {
		rpc.response.end(byClient, wire.ContextStatus(ctx), contextErr(ctx))
	})
	rpc.events = rpc.response.receive(s.stats, s.direct.addr)
	return rpc, stop, nil
}

// valuesOf returns the values of the context of a handler that inprocgrpc has called
// with ctx: those of ctx, and what a handler finds on a network.
func (c *connection) valuesOf(ctx context.Context) context.Context {
	header := c.request.Header()
	if sent, ok := metadata.FromIncomingContext(ctx); ok {
		maps.Copy(header, wire.Traveling(sent))
	}
	ctx = withParentValues{ctx, c.serverCtx}
	return metadata.NewIncomingContext(peer.NewContext(ctx, &c.peer), header)
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

// finish ends the RPC. It returns what inprocgrpc gives its client.
func (rpc *directRPC) finish(err error) error {
	rpc.events.End(err)
	rpc.response.entry.Leave()
	if rpc.setTrailer != nil {
		_ = rpc.setTrailer(rpc.response.clientTrailer())
	}
	return rpc.response.status
}

// cancel ends the RPC when the Channel is closed.
func (rpc *directRPC) cancel(err error) { rpc.response.end(byConnection, err, context.Canceled) }

// directUnary serves a unary RPC whose request inprocgrpc has copied.
func (s *Server) directUnary(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	rpc, stop, err := s.newDirect(ctx, info.FullMethod)
	if err != nil {
		return nil, err
	}
	defer stop()
	rpc.events.Begin(false, false)
	returned := false
	defer func() {
		if !returned {
			rpc.response.sendStatus(wire.ErrNoStatus)
			_ = rpc.finish(wire.ErrNoStatus)
		}
	}()
	rpc.events.InPayload(req, message.Size(req))
	resp, err := s.callUnary(rpc.response.handlerContext(), req, info, handler)
	returned = true
	if err != nil {
		err = wire.HandlerStatus(err)
		rpc.response.sendStatus(err)
		return nil, orNoResponse(rpc.finish(err))
	}
	copied, err := rpc.respond(resp)
	if failed := rpc.finish(err); failed != nil || err != nil {
		return nil, failed
	}
	return copied, nil
}

func (s *Server) callUnary(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	if s.unaryChain == nil {
		return handler(ctx, req)
	}
	return s.unaryChain(ctx, req, info, handler)
}

// orNoResponse is for an error whose code is OK, of which the client sees that there
// is no response.
func orNoResponse(err error) error {
	if err == nil {
		return wire.ErrNoResponse
	}
	return err
}

// respond ends the RPC with a response, of which it returns a copy.
func (rpc *directRPC) respond(resp any) (*message.Copy, error) {
	copied := new(message.Copy)
	if err := rpc.server.format.toClient.Copy(copied, resp, nil); err != nil {
		rpc.response.sendStatus(err)
		return nil, err
	}
	size := 0
	if rpc.events != nil {
		size = copied.Size()
	}
	if err := rpc.response.sendResponse(resp, size, false); err != nil {
		return nil, err
	}
	return copied, nil
}

// directStream serves a streaming RPC on a stream of inprocgrpc.
func (s *Server) directStream(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	rpc, stop, err := s.newDirect(ss.Context(), info.FullMethod)
	if err != nil {
		return err
	}
	defer stop()
	rpc.events.Begin(info.IsClientStream, info.IsServerStream)
	stream := &directStream{below: ss, rpc: rpc, ctx: rpc.response.handlerContext()}
	returned := false
	defer func() {
		if !returned {
			stream.end(wire.ErrNoStatus)
		}
	}()
	if s.streamChain == nil {
		err = handler(srv, stream)
	} else {
		err = s.streamChain(srv, stream, info, handler)
	}
	returned = true
	return stream.end(err)
}

// A directStream is the stream of a directRPC. Its messages pass through below.
type directStream struct {
	below grpc.ServerStream
	rpc   *directRPC
	ctx   context.Context
}

// end ends the RPC with what its handler has returned.
func (s *directStream) end(err error) error {
	if err != nil {
		err = wire.HandlerStatus(err)
	}
	s.rpc.response.sendStatus(err)
	return s.rpc.finish(err)
}

func (s *directStream) Context() context.Context { return s.ctx }

func (s *directStream) SetHeader(md metadata.MD) error {
	if err := wire.Validate(md); err != nil {
		return err
	}
	return s.rpc.response.SetHeader(md)
}

func (s *directStream) SendHeader(md metadata.MD) error {
	if err := wire.Validate(md); err != nil {
		return err
	}
	return s.rpc.response.SendHeader(md)
}

func (s *directStream) SetTrailer(md metadata.MD) { _ = s.rpc.response.SetTrailer(md) }

func (s *directStream) SendMsg(m any) error {
	if err := s.rpc.response.sendHeader(nil, nil); err != nil && err != errHeaderLost {
		return err
	}
	if err := s.below.SendMsg(m); err != nil {
		return s.failed(err)
	}
	s.rpc.events.OutPayload(m, message.Size(m))
	return nil
}

func (s *directStream) RecvMsg(m any) error {
	err := s.below.RecvMsg(m)
	switch {
	case err == io.EOF:
		return err
	case err != nil:
		return s.failed(err)
	}
	s.rpc.events.InPayload(m, message.Size(m))
	return nil
}

// failed ends the RPC with an error of below.
func (s *directStream) failed(err error) error {
	if err != io.EOF {
		err = wire.HandlerStatus(err)
	}
	s.rpc.response.sendStatus(err)
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
	if err := c.server.format.toServer.Copy(copied, in, nil); err != nil {
		return nil, err
	}
	return copied, nil
}

// Copy sets out to a copy of in, or takes in over if it is a [message.Copy].
func (c *directCloner) Copy(out, in any) error {
	if err := c.server.checkHooks(); err != nil {
		return err
	}
	if copied, ok := in.(*message.Copy); ok {
		return c.server.format.toServer.HandOver(out, copied, nil)
	}
	copied := new(message.Copy)
	if err := c.server.format.toServer.Copy(copied, in, nil); err != nil {
		return err
	}
	return c.server.format.toServer.HandOver(out, copied, nil)
}
