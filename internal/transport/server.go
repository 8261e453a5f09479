package transport

import (
	"context"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/status"

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

// Unary serves a unary RPC whose handler inprocgrpc has called.
func (s *Server) Unary(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	s.enter()
	defer s.Gate.Leave()
	rpc, ok := claim[*unaryRPC](ctx)
	if ok {
		ctx = grpc.NewContextWithServerTransportStream(ctx, &rpc.answer)
	}
	resp, err := s.observeUnary(ctx, rpc, req, info, handler)
	if ok {
		rpc.end(resp, err)
		return rpc, nil
	}
	if err == nil && clone.IsNil(resp) {
		resp = &clone.Owned{}
	}
	return resp, unaryArrival(err, withDetails(nil, err))
}

func (s *Server) observeUnary(ctx context.Context, rpc *unaryRPC, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	if s.ObserveUnary == nil {
		return s.admitUnary(ctx, rpc, req, info, handler)
	}
	growStack()
	return s.ObserveUnary(ctx, req, info, func(ctx context.Context, req any) (any, error) {
		return s.admitUnary(ctx, rpc, req, info, handler)
	})
}

func (s *Server) admitUnary(ctx context.Context, rpc *unaryRPC, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (resp any, err error) {
	switch {
	case s.Gate.Draining():
		return nil, drain.ErrDraining
	case s.UnaryChain == nil:
		resp, err = handler(ctx, req)
	default:
		resp, err = s.UnaryChain(ctx, req, info, handler)
	}
	return s.settle(ctx, rpc, resp, err)
}

// settle returns what the observers are told. rpc is nil if it has been made past
// our client.
func (s *Server) settle(ctx context.Context, rpc *unaryRPC, resp any, err error) (any, error) {
	if err != nil {
		return nil, handlerError(err)
	}
	if rpc != nil {
		ctx = rpc // an observer may have changed the other
	}
	if err := ctx.Err(); err != nil {
		return nil, status.FromContextError(err).Err() // nobody is there to answer
	}
	if rpc == nil || s.ObserveUnary == nil {
		return resp, nil
	}
	// A stats handler may do as it likes with what it is told has been sent.
	return resp, rpc.copyResponse(resp)
}

// copyResponse takes a copy for the response, whatever becomes of resp.
func (rpc *unaryRPC) copyResponse(resp any) error {
	owned := new(clone.Owned)
	rpc.response, rpc.copied = owned, true
	return rpc.client.cloner.Clone(owned, resp)
}

// end answers the RPC, unless its client has gone: with the copy if there is one,
// otherwise the caller copies resp into its reply.
func (rpc *unaryRPC) end(resp any, err error) {
	if rpc.Err() != nil {
		return
	}
	if !rpc.copied {
		rpc.response = resp
	}
	if rpc.decodeErr != nil {
		err = rpc.decodeErr // on a network, this has been sent already
	}
	if err == nil {
		_ = rpc.answer.message()
	}
	rpc.answer.end(err)
	rpc.err, rpc.ended = unaryArrival(err, rpc.answer.trailer), true
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
	ctx := grpc.NewContextWithServerTransportStream(ss.Context(), &rpc.answer)
	s.answerStream(rpc, ctx, srv, info, handler)
	return nil
}

func (s *Server) answerStream(rpc *streamRPC, ctx context.Context, srv any, info *grpc.StreamServerInfo, handler grpc.StreamHandler) {
	stream := newServerStream(rpc, ctx, info)
	defer stream.end(ErrNoAnswer) // unless it has been answered
	stream.end(s.observeStream(srv, stream, info, handler))
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

// growStack makes the stack of the handler's goroutine, which begins small, grow at
// once to what the chain will need, while there is still little on it to copy: a
// tenth of an RPC (BenchmarkServerInterceptors, BenchmarkOTel).
//
//go:noinline
func growStack() byte {
	var room [4 << 10]byte
	return first(&room)
}

//go:noinline
func first(room *[4 << 10]byte) byte { return room[0] }
