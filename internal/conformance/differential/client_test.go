package differential_test

import (
	"context"
	"time"

	"google.golang.org/grpc"
)

var (
	opOpen = &op{
		name:     "client: NewStream",
		actor:    clientSender,
		kind:     onlyStreams,
		possible: hasNotStarted,
		call:     (*run).open,
	}
	opInvoke = &op{
		name:     "client: Invoke with",
		actor:    clientSender,
		args:     messageArgs,
		kind:     onlyUnary,
		possible: hasNotStarted,
		call:     (*run).invoke,
	}
	opClientSend = &op{
		name:     "client: SendMsg of",
		actor:    clientSender,
		args:     messageArgs,
		weight:   8,
		kind:     onlyStreams,
		possible: hasStream,
		call: func(r *run, _ *handlerCall, arg int) {
			message := r.nextMessage(arg)
			r.record("client", "SendMsg", "message", messageText(message), "length", messageLength(message), "error", r.stream.SendMsg(message))
		},
	}
	opCloseSend = &op{
		name:     "client: CloseSend",
		actor:    clientSender,
		weight:   4,
		kind:     onlyStreams,
		possible: hasStream,
		call:     func(r *run, _ *handlerCall, _ int) { r.record("client", "CloseSend", "error", r.stream.CloseSend()) },
	}
	opClientReceive = &op{
		name:     "client: RecvMsg",
		actor:    clientReceiver,
		weight:   8,
		kind:     onlyStreams,
		possible: hasStream,
		call: func(r *run, _ *handlerCall, _ int) {
			message := r.newMessage()
			err := r.stream.RecvMsg(message)
			r.received = r.received || err != nil || !r.method().serverStreams
			if err != nil {
				r.record("client's receiver", "RecvMsg", "error", err)
				return
			}
			r.record("client's receiver", "RecvMsg", "message", messageText(message))
		},
	}
	opClientHeader = &op{
		name:     "client: Header",
		actor:    clientReceiver,
		weight:   3,
		kind:     onlyStreams,
		possible: hasStream,
		call: func(r *run, _ *handlerCall, _ int) {
			header, err := r.stream.Header()
			r.record("client's receiver", "Header", "header", header, "error", err)
		},
	}
	// Before RecvMsg has returned an error, Trailer must not be called.
	opClientTrailer = &op{
		name:     "client: Trailer",
		actor:    clientReceiver,
		weight:   2,
		kind:     onlyStreams,
		possible: func(r *run) bool { return hasStream(r) && r.received },
		call: func(r *run, _ *handlerCall, _ int) {
			r.record("client's receiver", "Trailer", "trailer", r.stream.Trailer())
		},
	}
)

func hasStream(r *run) bool { return r.stream != nil }

func hasNotStarted(r *run) bool { return !r.started }

// open makes a streaming RPC.
func (r *run) open(*handlerCall, int) {
	r.started = true
	m := r.method()
	desc := &grpc.StreamDesc{ClientStreams: m.clientStreams, ServerStreams: m.serverStreams}
	stream, err := r.conn.NewStream(r.ctx, desc, m.fullMethod, r.callOptions()...)
	if err != nil {
		r.record("client", "NewStream", "error", err)
		return
	}
	r.stream = stream
	r.record("client", "NewStream")
	r.watch("the client stream's context", stream.Context())
}

// invoke makes a unary RPC.
func (r *run) invoke(_ *handlerCall, arg int) {
	r.started = true
	reply := r.newMessage()
	err := r.conn.Invoke(r.ctx, r.method().fullMethod, r.nextMessage(arg), reply, r.callOptions()...)
	r.record("client", "Invoke", "error", err, "reply", messageText(reply))
}

// watch records when a context ends, and its error and cause.
func (r *run) watch(observer string, ctx context.Context) {
	context.AfterFunc(ctx, func() {
		r.record(observer, "ended", "error", ctx.Err(), "cause", context.Cause(ctx))
	})
}

// remaining returns the time until the deadline of a context.
func remaining(ctx context.Context) string {
	deadline, ok := ctx.Deadline()
	if !ok {
		return "none"
	}
	return time.Until(deadline).String()
}
