package transport

import (
	"context"
	"sync/atomic"

	"google.golang.org/grpc"

	"github.com/inprocchain/inprocchain/internal/clone"
	"github.com/inprocchain/inprocchain/internal/drain"
)

// A Server is the handlers' half. Its Unary and Stream are the interceptors to
// install on an [inprocgrpc.Channel]: the observers first, then draining and
// the statuses of errors, then the user's interceptors.
type Server struct {
	// Each may be nil.
	ObserveUnary  grpc.UnaryServerInterceptor
	ObserveStream grpc.StreamServerInterceptor
	UnaryChain    grpc.UnaryServerInterceptor
	StreamChain   grpc.StreamServerInterceptor

	Gate   drain.Gate
	served atomic.Bool
}

// Served reports whether a handler has been called.
func (s *Server) Served() bool { return s.served.Load() }

func (s *Server) enter() {
	s.Gate.Enter()
	if !s.served.Load() {
		s.served.Store(true)
	}
}

// Unary serves a unary RPC.
func (s *Server) Unary(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	if s.ObserveUnary != nil || s.UnaryChain != nil {
		growStack()
	}
	s.enter()
	defer s.Gate.Leave()
	rpc, ok := claim[*unaryRPC](ctx)
	if !ok {
		resp, err := s.observeUnary(ctx, nil, req, info, handler)
		if err == nil && clone.IsNil(resp) {
			resp = &clone.Owned{}
		}
		return resp, unaryArrival(err, withDetails(nil, err))
	}
	rpc.context = handlerContext{ctx, &rpc.answer}
	ctx = &rpc.context
	_, err := s.observeUnary(ctx, rpc, req, info, handler)
	if err == nil {
		_ = rpc.answer.message()
	}
	rpc.answer.end(err)
	rpc.err, rpc.late = unaryArrival(err, rpc.answer.trailer), ctx.Err() != nil
	return rpc, nil
}

func (s *Server) observeUnary(ctx context.Context, rpc *unaryRPC, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	if s.ObserveUnary == nil {
		return s.admitUnary(ctx, rpc, req, info, handler)
	}
	return s.ObserveUnary(ctx, req, info, func(ctx context.Context, req any) (any, error) {
		return s.admitUnary(ctx, rpc, req, info, handler)
	})
}

// admitUnary refuses the RPC once draining, and makes errors statuses.
func (s *Server) admitUnary(ctx context.Context, rpc *unaryRPC, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (resp any, err error) {
	switch {
	case s.Gate.Draining():
		return nil, drain.ErrDraining
	case s.UnaryChain == nil:
		resp, err = handler(ctx, req)
	default:
		resp, err = s.UnaryChain(ctx, req, info, handler)
	}
	if err != nil {
		return nil, handlerError(err)
	}
	if ctx.Err() != nil {
		return nil, contextStatus(ctx) // nobody is there to answer
	}
	if rpc == nil {
		return resp, nil
	}
	return resp, s.respond(rpc, resp)
}

// respond leaves the response to the caller, which copies it into its reply. A
// stats handler may do as it likes with a response that it is told has been
// sent, so where there is one the copy is made before that.
func (s *Server) respond(rpc *unaryRPC, resp any) error {
	if s.ObserveUnary == nil && !clone.IsNil(resp) {
		rpc.response = resp
		return nil
	}
	owned := new(clone.Owned)
	rpc.response = owned
	return rpc.client.cloner.Clone(owned, resp)
}

// handlerContext is the context of a handler, with our stream in the place of
// inprocgrpc's. It is a part of its RPC, so that it costs nothing more.
type handlerContext struct {
	context.Context
	stream *answer
}

func (c *handlerContext) Value(key any) any {
	value := c.Context.Value(key)
	if _, ok := value.(grpc.ServerTransportStream); ok {
		return c.stream
	}
	return value
}

// Stream serves a streaming RPC.
func (s *Server) Stream(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	s.enter()
	defer s.Gate.Leave()
	rpc, ok := claim[*streamRPC](ss.Context())
	if !ok {
		err := s.observeStream(srv, ss, info, handler)
		return arrival(err, withDetails(nil, err))
	}
	defer rpc.end(ErrNoAnswer) // unless it has been answered
	rpc.end(s.observeStream(srv, newServerStream(rpc, ss.Context(), info), info, handler))
	return nil
}

func (s *Server) observeStream(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	if s.ObserveStream == nil {
		return s.admitStream(srv, ss, info, handler)
	}
	return s.ObserveStream(srv, ss, info, func(srv any, ss grpc.ServerStream) error {
		return s.admitStream(srv, ss, info, handler)
	})
}

// admitStream refuses the RPC once draining, and makes errors statuses.
func (s *Server) admitStream(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	switch {
	case s.Gate.Draining():
		return drain.ErrDraining
	case s.StreamChain == nil:
		return handlerError(handler(srv, ss))
	}
	return handlerError(s.StreamChain(srv, ss, info, handler))
}

// growStack makes the stack of the handler's goroutine, which begins with 2 KiB,
// grow at once to what the chain will need, while there is still little on it to
// copy: a tenth of an RPC (BenchmarkServerInterceptors, BenchmarkOTel).
//
//go:noinline
func growStack() byte {
	var room [3 << 10]byte
	return first(&room)
}

//go:noinline
func first(room *[3 << 10]byte) byte { return room[0] }
