package differential_test

import (
	"context"
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	"github.com/inprocchain/inprocchain/internal/testservice"
)

// A handlerCall is one call of the handler. It executes steps until one of them makes it
// return.
type handlerCall struct {
	name     string
	ctx      context.Context
	stream   grpc.ServerStream // nil for a unary RPC
	finish   chan handlerResult
	returned bool
}

type handlerResult struct {
	response any
	err      error
}

var (
	opHandlerSend = handlerOp("handler: SendMsg of", 8, messageArgs, onlyStreams, func(r *run, h *handlerCall, arg int) {
		message := r.nextMessage(arg)
		r.record(h.name, "SendMsg", "message", messageText(message), "length", messageLength(message), "error", h.stream.SendMsg(message))
	})
	opHandlerReceive = &op{
		name:     "handler: RecvMsg",
		actor:    handlerReceiver,
		weight:   8,
		kind:     onlyStreams,
		possible: func(r *run) bool { h := r.handler(); return h != nil && h.stream != nil },
		call: func(r *run, h *handlerCall, _ int) {
			message := r.newMessage()
			if err := h.stream.RecvMsg(message); err != nil {
				r.record(h.name+"'s receiver", "RecvMsg", "error", err)
				return
			}
			r.record(h.name+"'s receiver", "RecvMsg", "message", messageText(message))
		},
	}
	opStreamSetHeader = handlerOp("handler: stream.SetHeader of", 2, metadataNames(), onlyStreams, func(r *run, h *handlerCall, arg int) {
		r.record(h.name, "stream.SetHeader", "error", h.stream.SetHeader(md(arg)))
	})
	opStreamSendHeader = handlerOp("handler: stream.SendHeader of", 2, metadataNames(), onlyStreams, func(r *run, h *handlerCall, arg int) {
		r.record(h.name, "stream.SendHeader", "error", h.stream.SendHeader(md(arg)))
	})
	opStreamSetTrailer = handlerOp("handler: stream.SetTrailer of", 2, metadataNames(), onlyStreams, func(r *run, h *handlerCall, arg int) {
		h.stream.SetTrailer(md(arg))
		r.record(h.name, "stream.SetTrailer")
	})
	opSetHeader = handlerOp("handler: grpc.SetHeader of", 2, metadataNames(), anyMethod, func(r *run, h *handlerCall, arg int) {
		r.record(h.name, "grpc.SetHeader", "error", grpc.SetHeader(h.ctx, md(arg)))
	})
	opSendHeader = handlerOp("handler: grpc.SendHeader of", 2, metadataNames(), anyMethod, func(r *run, h *handlerCall, arg int) {
		r.record(h.name, "grpc.SendHeader", "error", grpc.SendHeader(h.ctx, md(arg)))
	})
	opSetTrailer = handlerOp("handler: grpc.SetTrailer of", 2, metadataNames(), anyMethod, func(r *run, h *handlerCall, arg int) {
		r.record(h.name, "grpc.SetTrailer", "error", grpc.SetTrailer(h.ctx, md(arg)))
	})
	opHandlerContext = handlerOp("handler: look at the context", 1, nil, anyMethod, func(r *run, h *handlerCall, _ int) {
		r.record(h.name, "context", "error", h.ctx.Err(), "deadline in", remaining(h.ctx))
	})
	opReturnError = handlerOp("handler: return", 3, errorNames(), anyMethod, func(r *run, h *handlerCall, arg int) {
		var response any
		err := handlerErrors[arg].make(h.ctx)
		if err == nil && h.stream == nil {
			response = r.nextMessage(smallMessage)
		}
		r.finishHandler(h, handlerResult{response, err})
	})
	opReturnBoth = handlerOp("handler: return a message and", 1, errorNames(), onlyUnary, func(r *run, h *handlerCall, arg int) {
		r.finishHandler(h, handlerResult{r.nextMessage(smallMessage), handlerErrors[arg].make(h.ctx)})
	})
	opReturnMessage = handlerOp("handler: return", 2, messageArgs, onlyUnary, func(r *run, h *handlerCall, arg int) {
		r.finishHandler(h, handlerResult{response: r.nextMessage(arg)})
	})
)

func handlerOp(name string, weight int, args []string, kind opKind, call func(*run, *handlerCall, int)) *op {
	return &op{
		name:   name,
		actor:  handlerSender,
		args:   args,
		weight: weight,
		kind:   kind,
		possible: func(r *run) bool {
			h := r.handler()
			return h != nil && (h.stream == nil || kind != onlyUnary) && (h.stream != nil || kind != onlyStreams)
		},
		call: call,
	}
}

// handler returns the call of the handler that executes the steps: the last one that has not
// returned, or nil.
func (r *run) handler() *handlerCall {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := len(r.handlers) - 1; i >= 0; i-- {
		if h := r.handlers[i]; !h.returned {
			return h
		}
	}
	return nil
}

// finishHandler makes the handler return. It does nothing while the handler is receiving,
// because a handler must not use its stream after it has returned.
func (r *run) finishHandler(h *handlerCall, result handlerResult) {
	if r.isBusy(handlerReceiver) {
		return
	}
	r.mu.Lock()
	h.returned = true
	r.mu.Unlock()
	h.finish <- result
}

// endHandlers makes all handlers return.
func (r *run) endHandlers() {
	for h := r.handler(); h != nil && !r.isBusy(handlerReceiver); h = r.handler() {
		r.take(step{opReturnError, 0})
	}
}

// serve is the handler.
func (r *run) serve(ctx context.Context, stream grpc.ServerStream, details ...any) (any, error) {
	h := &handlerCall{name: "handler", ctx: ctx, stream: stream, finish: make(chan handlerResult, 1)}
	r.mu.Lock()
	if n := len(r.handlers); n > 0 {
		h.name = fmt.Sprintf("handler of attempt %d", n+1)
	}
	r.handlers = append(r.handlers, h)
	r.mu.Unlock()

	incoming, _ := metadata.FromIncomingContext(ctx)
	outgoing, _ := metadata.FromOutgoingContext(ctx)
	method, _ := grpc.Method(ctx)
	details = append(details, "method", method, "metadata", incoming, "outgoing metadata", outgoing,
		"deadline in", remaining(ctx), "peer", peerText(ctx))
	r.record(h.name, "called", details...)
	r.watch(h.name+"'s context", ctx)
	if r.free {
		r.playHandler(h)
	}
	result := <-h.finish
	r.record(h.name, "returned", "error", result.err, "response", messageText(result.response))
	return result.response, result.err
}

func peerText(ctx context.Context) string {
	p, ok := peer.FromContext(ctx)
	if !ok || p.Addr == nil {
		return "none"
	}
	return p.String()
}

// register registers the service of all programs.
func (r *run) register(registrar grpc.ServiceRegistrar) {
	testservice.Service{
		Message: func() any { return r.newMessage() },
		Unary: func(ctx context.Context, request any) (any, error) {
			return r.serve(ctx, nil, "request", messageText(request))
		},
		Stream: func(stream grpc.ServerStream) error {
			_, err := r.serve(stream.Context(), stream)
			return err
		},
	}.Register(registrar)
}
