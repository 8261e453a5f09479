package transport

import (
	"context"
	"reflect"
	"sync/atomic"

	"google.golang.org/grpc"

	"github.com/inprocchain/inprocchain/internal/clone"
	"github.com/inprocchain/inprocchain/internal/drain"
	"github.com/inprocchain/inprocchain/internal/fold"
)

// A Server is the handlers' half. Its Unary and Stream are the interceptors to
// install on an [inprocgrpc.Channel].
type Server struct {
	gate   drain.Gate
	served atomic.Bool
	unary  grpc.UnaryServerInterceptor
	stream grpc.StreamServerInterceptor
}

// NewServer returns a server that runs the observers, then what is its own, and
// then the interceptors.
func NewServer(observeUnary, unary []grpc.UnaryServerInterceptor, observeStream, stream []grpc.StreamServerInterceptor) *Server {
	s := &Server{}
	s.unary = fold.UnaryServer(append(append(observeUnary, s.gate.UnaryServer, admitUnary), unary...))
	s.stream = fold.StreamServer(append(append(observeStream, s.gate.StreamServer, admitStream), stream...))
	return s
}

// Gate is what every RPC goes through.
func (s *Server) Gate() *drain.Gate { return &s.gate }

// Served reports whether a handler has been called.
func (s *Server) Served() bool { return s.served.Load() }

// Unary serves a unary RPC.
func (s *Server) Unary(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	s.enter()
	defer s.gate.Leave()
	rpc, ok := claim(ctx).(*unaryRPC)
	if !ok {
		resp, err := s.unary(ctx, req, info, handler)
		if err == nil && isNil(resp) {
			resp = &clone.Owned{}
		}
		return resp, err
	}
	ctx = context.WithValue(ctx, serverKey{}, rpc)
	ctx = grpc.NewContextWithServerTransportStream(ctx, &rpc.answer)
	_, rpc.err = s.unary(ctx, req, info, handler)
	if rpc.err == nil {
		rpc.answer.message()
	}
	rpc.answer.end(rpc.err)
	return rpc, nil
}

func (s *Server) enter() {
	s.gate.Enter()
	if !s.served.Load() {
		s.served.Store(true)
	}
}

type serverKey struct{}

// admitUnary makes errors statuses, and copies the response, whose handler may
// go on to use it.
func admitUnary(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	resp, err := handler(ctx, req)
	if err != nil {
		if err = handlerStatus(err); err == nil {
			err = errNoResponse
		}
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, contextStatus(ctx) // nobody is there to answer
	}
	if rpc, ok := ctx.Value(serverKey{}).(*unaryRPC); ok {
		err = rpc.client.cloner.CloneInto(&rpc.response, resp)
	}
	return resp, err
}

// Stream serves a streaming RPC.
func (s *Server) Stream(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	s.enter()
	defer s.gate.Leave()
	rpc, ok := claim(ss.Context()).(*streamRPC)
	if !ok {
		return s.stream(srv, ss, info, handler)
	}
	defer rpc.end(errNoAnswer) // unless it has been answered
	err := s.stream(srv, newServerStream(rpc, ss.Context(), info), info, handler)
	rpc.end(err)
	return nil
}

// admitStream makes errors statuses.
func admitStream(srv any, ss grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	return handlerStatus(handler(srv, ss))
}

func isNil(v any) bool {
	if v == nil {
		return true
	}
	rv := reflect.ValueOf(v)
	return rv.Kind() == reflect.Pointer && rv.IsNil()
}
