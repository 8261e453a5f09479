//go:build !race

package random_test

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
)

// A handlerCall is one call of a handler.
type handlerCall struct {
	ctx      context.Context
	stream   grpc.ServerStream // nil for a unary method
	response any
	err      error
	returned bool
	observer string
	locked   bool
}

// serve registers the service of the run with its methods.
func (r *run) register(to grpc.ServiceRegistrar) {
	to.RegisterService(&grpc.ServiceDesc{
		ServiceName: "random.Service",
		HandlerType: (*any)(nil),
		Methods: []grpc.MethodDesc{
			{MethodName: "Unary", Handler: r.serveUnary}, {MethodName: "Both", Handler: r.serveUnary},
			{MethodName: "x/y", Handler: r.serveUnary}, {MethodName: "x\ny", Handler: r.serveUnary},
			{MethodName: "Late", Handler: r.serveLate}, {MethodName: "Aside", Handler: r.serveUnary},
		},
		Streams: []grpc.StreamDesc{
			{StreamName: "Bidi", Handler: r.serveStream, ClientStreams: true, ServerStreams: true},
			{StreamName: "ClientStream", Handler: r.serveStream, ClientStreams: true},
			{StreamName: "ServerStream", Handler: r.serveStream, ServerStreams: true},
			{StreamName: "Both", Handler: r.serveStream, ClientStreams: true, ServerStreams: true},
		},
	}, r.implementation())
}

// implementation returns what a service is registered with. The handlers do not need it.
func (r *run) implementation() any {
	if r.noImplementation {
		return nil
	}
	return r
}

// registerRemote registers the service that is elsewhere.
func (r *run) registerRemote(to grpc.ServiceRegistrar) {
	to.RegisterService(&grpc.ServiceDesc{
		ServiceName: "random.Remote",
		HandlerType: (*any)(nil),
		Methods:     []grpc.MethodDesc{{MethodName: "Unary", Handler: r.serveUnary}},
		Streams:     []grpc.StreamDesc{{StreamName: "Bidi", Handler: r.serveStream, ClientStreams: true, ServerStreams: true}},
	}, r)
}

func (r *run) serveUnary(srv any, ctx context.Context, decode func(any) error, interceptor grpc.UnaryServerInterceptor) (any, error) {
	req := r.emptyMessage()
	if err := decode(req); err != nil {
		return nil, err
	}
	handler := func(ctx context.Context, req any) (any, error) {
		h := &handlerCall{ctx: ctx, response: req}
		err := r.handle(h, func() string { return r.describe(req) })
		return h.response, err
	}
	if interceptor == nil {
		return handler(ctx, req)
	}
	method, _ := grpc.Method(ctx)
	return interceptor(ctx, req, &grpc.UnaryServerInfo{Server: srv, FullMethod: method}, handler)
}

// serveLate responds at once, and decodes the request when the RPC has ended. A network has several outcomes.
func (r *run) serveLate(_ any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
	if c := r.callOf(metadata.FromIncomingContext(ctx)); c != nil {
		r.leftBehind.Go(func() {
			<-ctx.Done()
			req := r.emptyMessage()
			err := decode(req)
			c.see("late handler", "decode "+r.describe(req)+" "+errorText(err))
		})
	}
	return r.emptyMessage(), nil
}

func (r *run) serveStream(_ any, stream grpc.ServerStream) error {
	return r.handle(&handlerCall{ctx: stream.Context(), stream: stream}, func() string { return "a stream" })
}

// handle makes the calls of a handler until one of them ends it.
func (r *run) handle(h *handlerCall, request func() string) error {
	c := r.callOf(metadata.FromIncomingContext(h.ctx))
	if c == nil && r.serveOthers != nil {
		return r.serveOthers(h)
	}
	if c == nil {
		return nil
	}
	md, _ := metadata.FromIncomingContext(h.ctx)
	method, _ := grpc.Method(h.ctx)
	p, _ := peer.FromContext(h.ctx)
	h.observer = "handler"
	if attempt := md["attempt"]; attempt != nil {
		h.observer += " " + strings.Join(attempt, ".")
	}
	c.see(h.observer, "begins with "+request()+" "+mdText(md)+" "+method+" peer "+c.peerText(p))
	if attempt := md["attempt"]; attempt != nil {
		_ = grpc.SetHeader(h.ctx, metadata.MD{"attempt": attempt})
		if slices.Contains(attempt, "0") {
			return nil // The steps are those of the last attempt.
		}
	}
	c.handled.Do(func() {
		c.handlerContext = h.ctx
		close(c.handling)
	})
	c.handlers.Add(1)
	defer c.handlers.Add(-1)
	defer h.unlock(c)
	for t := range c.handler {
		close(t.taken)
		if h.stream != nil || !t.op.streams {
			t.op.call(c, h, t.arg)
		}
		if t.then == rested {
			time.Sleep(moment / 2)
		}
		close(t.returned)
		if h.returned {
			break
		}
	}
	return h.err
}

// sends makes a call of the handler that sends something, which does not wait for the client.
func (c *call) sends(send func() error) error {
	c.sending.Add(1)
	defer c.sending.Add(-1)
	return send()
}

func (h *handlerCall) unlock(c *call) {
	if h.locked {
		h.locked = false
		<-c.lock
	}
}

// callOf returns the call with this metadata, or nil.
func (r *run) callOf(md metadata.MD, _ bool) *call {
	values := md["call"]
	if len(values) == 0 {
		return nil
	}
	number, err := strconv.Atoi(values[0])
	if err != nil || number >= len(r.calls) {
		return nil
	}
	return r.calls[number]
}

// changedAddr is what some programs write to a peer. It has the call whose peer it was.
type changedAddr struct{ *call }

func (changedAddr) Network() string { return "changed" }
func (changedAddr) String() string  { return "changed" }
