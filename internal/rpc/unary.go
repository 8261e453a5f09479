package rpc

import (
	"context"
	"io"

	"google.golang.org/grpc/metadata"

	"github.com/inprocchain/inprocchain/internal/message"
	"github.com/inprocchain/inprocchain/internal/wire"
)

// A unaryRPC is an RPC with one request and one response. Its methods are in the
// order in which they run: the caller's goroutine copies the request, starts the
// handler's goroutine with serve, and waits for the response.
type unaryRPC struct {
	client   *Client
	call     call
	method   *method
	entry    Entry
	response responseState
	context  handlerContext
	done     chan struct{} // receives once, when the RPC has ended other than by its client

	request     message.Copy // the handler's
	requestLost bool         // The request could not be sent.
	decoded     bool
	isServed    bool // The handler's goroutine has been started.
	isEnded     bool // What the handler has returned is known.

	// What the handler has returned, once the server has ended the RPC. One of
	// them is set, or none if it has returned an error.
	result     any          // of the type of reply, to be copied
	resultCopy message.Copy // of a result that must not be copied later
	hasResult  bool
	isDirect   bool

	reply      any
	replySize  int
	isReceived bool // The reply is.
}

// invoke makes the RPC.
func (rpc *unaryRPC) invoke(req, reply any) error {
	rpc.reply = reply
	c, call := rpc.client, &rpc.call
	rpc.makeCancelable()
	refused := c.server.accept(call.ctx, &rpc.entry, call.method, rpc)
	defer rpc.leaveUnlessServed()
	c.begin(call, refused, false, false)
	if refused != nil {
		return rpc.finish(reply, refused, nil)
	}
	values, refused, err := c.sendHeader(call)
	if err != nil {
		return rpc.finish(reply, err, nil)
	}
	rpc.init(values)
	if err := rpc.send(req); err != nil {
		rpc.requestLost = true
		rpc.response.end(byClient, err, context.Canceled)
		if refused == nil {
			rpc.isServed = true
			go rpc.serve() // A network server has the header already.
		}
		return rpc.finish(reply, err, &rpc.response)
	}
	if refused != nil {
		rpc.response.refuse(refused)
		return rpc.finish(reply, rpc.response.status, &rpc.response)
	}
	err = rpc.await()
	return rpc.finish(reply, err, &rpc.response)
}

// leaveUnlessServed ends the RPC for [InFlight] if nobody else will, because something
// that the caller provides has failed or has panicked.
func (rpc *unaryRPC) leaveUnlessServed() {
	if !rpc.isServed {
		rpc.leave()
	}
}

// makeCancelable sets what cancel uses, which may be called as soon as the RPC has
// been accepted.
func (rpc *unaryRPC) makeCancelable() {
	rpc.done = make(chan struct{}, 1)
	rpc.context.response = &rpc.response
	rpc.response.context = &rpc.context
	rpc.response.observer = rpc
}

func (rpc *unaryRPC) init(values context.Context) {
	rpc.context.init(rpc.call.ctx, values, &rpc.entry)
	rpc.response.init(&rpc.call)
}

// send copies the request.
func (rpc *unaryRPC) send(req any) error {
	call := &rpc.call
	if err := call.toServer.Copy(&rpc.request, req); err != nil {
		return err
	}
	if !call.asksForSizes() {
		return nil
	}
	size := rpc.request.Size()
	if err := call.opts.checkSend(size); err != nil {
		return err
	}
	call.events.OutPayload(req, size)
	return nil
}

// await starts the handler and waits until the RPC ends. It returns how it ended.
func (rpc *unaryRPC) await() error {
	ctx, leave := rpc.call.onClientConn()
	defer leave()
	rpc.isServed = true
	go rpc.serve()
	select {
	case <-rpc.done:
	case <-ctx.Done():
		err, by := wire.ContextStatus(ctx), byClient
		if err == wire.ErrClientConnClosing {
			by = byConnection
		}
		rpc.response.end(by, err, contextErr(ctx))
		if rpc.response.ended == byClient {
			return err
		}
		<-rpc.done // The end that came first.
	}
	if rpc.response.ended != byServer {
		return rpc.response.status
	}
	defer rpc.leave()
	return rpc.receive()
}

// serve calls the handler.
func (rpc *unaryRPC) serve() {
	s := rpc.client.server
	if s.unaryChain != nil || s.stats != nil {
		growStack()
	}
	defer rpc.served()
	events := rpc.response.receive(s.stats, rpc.client.conn.addr)
	events.Begin(false, false)

	resp, err := rpc.method.unary(rpc.method.impl, rpc.response.handlerContext(), rpc.decode, s.unaryChain)
	if err == nil {
		err = rpc.respond(resp)
	} else {
		err = wire.HandlerStatus(err)
		rpc.response.sendStatus(err)
	}
	rpc.isEnded = true
	events.End(err)
}

// decode is how the handler gets its request. It follows RecvMsg of serverStream in
// grpc-go's stream.go, for a handler that is wrapped by wrapUnaryHandler of its
// server.go.
func (rpc *unaryRPC) decode(out any) error {
	switch {
	case rpc.requestLost:
		return errCanceled
	case rpc.decoded:
		return io.EOF
	}
	rpc.decoded = true
	events, size := rpc.response.events, 0
	if events != nil {
		size = rpc.request.Size()
	}
	if !rpc.request.Move(out) { // first, since the stack is still small
		if err := rpc.call.toServer.HandOver(out, &rpc.request); err != nil {
			rpc.response.sendStatus(err)
			return err
		}
	}
	events.InPayload(out, size)
	return nil
}

// respond ends the RPC with a response. It follows SendMsg of serverStream in
// grpc-go's stream.go, and then processRPC of its server.go.
//
// Without stats handlers, which may do as they like with what has been sent, the
// caller's goroutine copies a response that it can copy directly.
func (rpc *unaryRPC) respond(resp any) (err error) {
	toClient := rpc.call.toClient
	rpc.isDirect = rpc.response.events == nil && toClient.IsDirect(rpc.reply, resp)
	if rpc.isDirect {
		rpc.result, err = resp, message.CheckDirect(resp)
	} else {
		err = toClient.Copy(&rpc.resultCopy, resp)
	}
	if err != nil {
		rpc.response.sendStatus(err)
		return err
	}
	err = rpc.response.sendResponse(resp)
	rpc.hasResult = err == nil
	return err
}

// served ends what serve began, also if a handler has ended its goroutine.
func (rpc *unaryRPC) served() {
	if !rpc.isEnded {
		rpc.response.sendStatus(wire.ErrNoStatus)
		rpc.response.events.End(wire.ErrNoStatus)
	}
	if rpc.response.ended == byServer {
		rpc.done <- struct{}{} // await leaves
		return
	}
	rpc.leave()
}

// receive copies the response into the reply. The server has ended the RPC.
func (rpc *unaryRPC) receive() error {
	status := rpc.response.status
	switch {
	case status == nil && !rpc.hasResult:
		return wire.ErrNoResponse
	case !rpc.hasResult || rpc.response.headerLost != nil:
		return status
	}
	// A response arrives even if the client cannot read the trailer that follows it.
	if rpc.call.asksForSizes() {
		if rpc.isDirect {
			rpc.replySize = message.Size(rpc.result)
		} else {
			rpc.replySize = rpc.resultCopy.Size()
		}
		if err := rpc.call.opts.checkReceived(rpc.replySize); err != nil {
			return err
		}
	}
	if rpc.isDirect {
		message.CopyDirectly(rpc.reply, rpc.result)
	} else if err := rpc.call.toClient.HandOver(rpc.reply, &rpc.resultCopy); err != nil {
		return err
	}
	rpc.isReceived = true
	return status
}

// leave ends the RPC for [InFlight]. The context of the handler, which it may
// keep, no longer keeps the messages.
func (rpc *unaryRPC) leave() {
	rpc.entry.Leave()
	rpc.request, rpc.result, rpc.resultCopy, rpc.reply = message.Copy{}, nil, message.Copy{}, nil
	rpc.response.forget()
}

// finish tells the caller's side how the RPC ended. It follows finish of
// clientStream in grpc-go's stream.go. response is nil if nothing has been sent.
func (rpc *unaryRPC) finish(reply any, err error, response *responseState) error {
	call := &rpc.call
	opts, events := call.opts, call.events
	// The context of the handler, which it may keep, no longer keeps them.
	call.opts, call.events, call.metadata, call.clientConn = nil, nil, nil, nil
	if response != nil {
		opts.deliver(&rpc.client.conn.peer, response)
	}
	if events != nil {
		if rpc.isReceived {
			events.InPayload(reply, rpc.replySize)
		}
		var trailer metadata.MD
		if response != nil {
			trailer = response.clientTrailer()
		}
		events.End(trailer, err)
	}
	opts.onFinish(err)
	return err
}

// changed wakes the caller of an RPC that neither its server nor its client has
// ended. It is called under the lock.
func (rpc *unaryRPC) changed() {
	if by := rpc.response.ended; by == byNetwork || by == byConnection {
		rpc.done <- struct{}{}
	}
}

// cancel ends the RPC when the Channel is closed.
func (rpc *unaryRPC) cancel(err error) { rpc.response.end(byConnection, err, context.Canceled) }
