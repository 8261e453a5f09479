package transport

import (
	"context"
	"io"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	"github.com/inprocchain/inprocchain/internal/clone"
	"github.com/inprocchain/inprocchain/internal/drain"
)

// handle has the method's handler answer the RPC, in a goroutine of its own, and
// waits until it has or the caller's context ends.
func (rpc *unaryRPC) handle(m *method, header metadata.MD) error {
	rpc.claim() // so that no RPC made in the handler answers in its place
	rpc.handlerContext.init(rpc.client, rpc, header, &rpc.answer)
	_, rpc.handlerContext.propagates = rpc.Deadline()
	ctx, cancel := context.WithCancel(&rpc.handlerContext)
	defer cancel()
	done := make(chan struct{})
	rpc.client.server.Gate.Enter()
	go rpc.serve(ctx, m, done)
	select {
	case <-done:
		if !rpc.ended {
			return io.EOF
		}
		rpc.err = rpc.receive()
		return nil
	case <-rpc.Done():
		if rpc.handlerContext.propagates {
			<-ctx.Done() // before it is canceled, so that a deadline is one to the handler
		}
		return nil // run tells of the context
	}
}

func (rpc *unaryRPC) serve(ctx context.Context, m *method, done chan<- struct{}) {
	s := rpc.client.server
	if s.ObserveUnary != nil || s.UnaryChain != nil {
		growStack()
	}
	defer close(done)
	defer s.Gate.Leave()
	if s.ObserveUnary == nil {
		rpc.end(rpc.admit(ctx, m))
	} else {
		info := &grpc.UnaryServerInfo{Server: m.impl, FullMethod: rpc.answer.method}
		rpc.end(s.ObserveUnary(ctx, rpc, info, func(ctx context.Context, _ any) (any, error) { return rpc.admit(ctx, m) }))
	}
	if !rpc.ended {
		rpc.request, rpc.response = clone.Owned{}, nil // nobody takes them
	}
}

func (rpc *unaryRPC) admit(ctx context.Context, m *method) (any, error) {
	s := rpc.client.server
	if s.Gate.Draining() {
		return nil, drain.ErrDraining
	}
	resp, err := m.unary(m.impl, ctx, rpc.decode, s.UnaryChain)
	return s.settle(ctx, rpc, resp, err)
}

// A RequestObserver is told of a request once its handler has decoded it.
type RequestObserver interface {
	InPayload(message any, size int)
}

// ObserveRequest is for the interceptors that observe: where the handler is called
// by us, the request is yet to be decoded.
func ObserveRequest(req any, o RequestObserver) {
	if rpc, ok := req.(*unaryRPC); ok {
		rpc.observer = o
		return
	}
	o.InPayload(req, clone.Size(req))
}

// ResponseSize returns the size of the response to req.
func ResponseSize(req, resp any) int {
	if rpc, ok := req.(*unaryRPC); ok {
		return clone.Size(rpc.response)
	}
	return clone.Size(resp)
}

// decode is what a handler gets its request with, once, as with RecvMsg of
// grpc-go's server.go (wrapUnaryHandler).
func (rpc *unaryRPC) decode(out any) error {
	if rpc.decoded {
		return io.EOF
	}
	rpc.decoded = true
	size := 0
	if rpc.observer != nil {
		size = rpc.request.Size()
	}
	if !rpc.request.Move(out) { // first, since the stack of the handler's goroutine is still small
		if rpc.decodeErr = rpc.client.cloner.HandOver(out, &rpc.request); rpc.decodeErr != nil {
			rpc.answer.end(rpc.decodeErr)
			return rpc.decodeErr
		}
	}
	if rpc.observer != nil {
		rpc.observer.InPayload(out, size)
	}
	return nil
}

// handle has the method's handler answer the RPC, in a goroutine of its own.
func (rpc *streamRPC) handle(m *method, header metadata.MD) {
	rpc.claim()
	rpc.handlerContext.init(rpc.client, rpc, header, &rpc.answer)
	rpc.handlerContext.propagates = true
	s := rpc.client.server
	s.Gate.Enter()
	go func() {
		defer s.Gate.Leave()
		s.answerStream(rpc, &rpc.handlerContext, m.impl, &grpc.StreamServerInfo{
			FullMethod:     rpc.answer.method,
			IsClientStream: m.stream.ClientStreams,
			IsServerStream: m.stream.ServerStreams,
		}, m.stream.Handler)
	}()
}

// A handlerContext is the parent of the context of a handler that is called by us.
// It has what a handler finds on a network, and none of the caller's values. It is
// a part of its RPC, so that it costs nothing more.
type handlerContext struct {
	context.Context // the RPC's
	client          *Client
	values          context.Context
	stream          grpc.ServerTransportStream

	// It ends with the RPC's context. Otherwise the caller, which waits for that,
	// passes its end on, which is cheaper; but it could tell of no deadline.
	propagates bool
}

func (c *handlerContext) init(client *Client, rpc context.Context, header metadata.MD, stream grpc.ServerTransportStream) {
	*c = handlerContext{Context: rpc, client: client, values: client.values, stream: stream}
	if len(header) > 0 {
		c.values = metadata.NewIncomingContext(c.values, header)
	}
}

func (c *handlerContext) Done() <-chan struct{} {
	if !c.propagates {
		return nil
	}
	return c.Context.Done()
}

// AfterFunc is what package context looks for, which otherwise needs a goroutine
// to pass on the end of a context that is not its own.
func (c *handlerContext) AfterFunc(f func()) (stop func() bool) {
	return context.AfterFunc(c.Context, f)
}

func (c *handlerContext) Value(key any) any {
	if key == c.client.clientKey {
		return c.Context
	}
	value := c.values.Value(key)
	if value == anyStream {
		return c.stream
	}
	return value
}

// handlerValues has the values of every handler's context.
func handlerValues(from peer.Peer) context.Context {
	ctx := metadata.NewIncomingContext(context.Background(), metadata.MD{})
	ctx = peer.NewContext(ctx, &from)
	return grpc.NewContextWithServerTransportStream(ctx, anyStream)
}

// anyStream stands where a handler finds its own.
var anyStream grpc.ServerTransportStream = new(answer)

// clientContextKey returns the key that inprocgrpc.ClientContext looks for, so
// that it finds the client's context here, too.
func clientContextKey() any {
	var ctx asked
	inprocgrpc.ClientContext(&ctx)
	return ctx.key
}

// asked remembers the key that it was asked for.
type asked struct {
	context.Context
	key any
}

func (a *asked) Value(key any) any {
	a.key = key
	return nil
}
