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
	call     call
	method   *method
	response responseState
	done     chan struct{} // receives one value, when something other than the client has ended the RPC

	request     message.Copy // what the handler receives
	requestLost bool         // The request could not be sent.
	isDecoded   bool         // The handler has received the request.
	isServed    bool         // The handler's goroutine has been started.
	isAborted   bool         // The server has ended the RPC while the handler runs.
	isReturned  bool         // The handler has returned, and the server has sent the result.
	hasResult   bool         // The handler has returned a response, and the server has sent it.
	result      message.Copy // what the handler has returned
	reply       any
}

// invoke makes the RPC.
func (rpc *unaryRPC) invoke(req, reply any) error {
	rpc.reply = reply
	c, call := rpc.response.client, &rpc.call
	rpc.makeCancelable()
	refused := c.server.accept(call.ctx, &rpc.response.entry, call.method, rpc)
	defer rpc.leaveUnlessServed()
	c.begin(call, refused, false, false)
	if refused != nil {
		return rpc.finish(refused, nil)
	}
	values, refused, err := c.sendHeader(call)
	if err != nil {
		return rpc.finish(err, nil)
	}
	rpc.response.init(call, values)
	if err := rpc.send(req); err != nil {
		rpc.requestLost = true
		rpc.response.end(byClient, err, context.Canceled)
		if refused == nil {
			rpc.isServed = true
			go rpc.serve() // A network server has the header already.
		}
		return rpc.finish(err, &rpc.response)
	}
	if refused != nil {
		rpc.response.refuse(refused)
		return rpc.finish(rpc.response.status, &rpc.response)
	}
	err = rpc.await()
	return rpc.finish(err, &rpc.response)
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
	rpc.response.makeCancelable(rpc)
}

// send copies the request.
func (rpc *unaryRPC) send(req any) error {
	call := &rpc.call
	if err := call.format.toServer.Copy(&rpc.request, req, &rpc.method.requests); err != nil {
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
	ctx := rpc.call.ctx
	entry := rpc.response.client.clientConn.watch(ctx, rpc.call.method, rpc)
	defer entry.Leave()
	rpc.isServed = true
	go rpc.serve()
	select {
	case <-rpc.done:
	case <-ctx.Done():
		err := wire.ContextStatus(ctx)
		rpc.response.end(byClient, err, contextErr(ctx))
		if rpc.response.ended == byClient {
			return err
		}
		<-rpc.done // The end that came first.
	}
	if rpc.response.ended != byServer || rpc.isAborted {
		return rpc.response.status
	}
	return rpc.receive()
}

// serve calls the handler.
func (rpc *unaryRPC) serve() {
	s := rpc.response.client.server
	if s.unaryChain != nil || s.stats != nil {
		growStack()
	}
	defer rpc.served()
	events := rpc.response.receive(s.stats, rpc.response.client.conn.addr)
	events.Begin(false, false)

	resp, err := rpc.method.unary(rpc.method.impl, rpc.response.handlerContext(), rpc.decode, s.unaryChain)
	if err == nil {
		err = rpc.respond(resp)
	} else {
		err = wire.HandlerStatus(err)
		rpc.response.sendStatus(err)
	}
	rpc.isReturned = true
	events.End(err)
}

// decode is how the handler gets its request. It follows RecvMsg of serverStream in
// grpc-go's stream.go, for a handler that is wrapped by wrapUnaryHandler of its
// server.go.
func (rpc *unaryRPC) decode(out any) error {
	switch {
	case rpc.requestLost:
		return wire.ErrCanceled
	case rpc.isDecoded:
		return io.EOF
	}
	rpc.isDecoded = true
	events, size := rpc.response.events, 0
	if events != nil {
		size = rpc.request.Size()
	}
	if !rpc.request.Move(out, &rpc.method.requests) { // first, since the stack is still small
		if err := rpc.call.format.toServer.HandOver(out, &rpc.request, nil); err != nil {
			rpc.abort(err)
			return err
		}
	}
	events.InPayload(out, size)
	return nil
}

// abort ends the RPC with an error of decode, while the handler runs. As on a network, the
// caller need not wait for the handler, nor for its stats.
func (rpc *unaryRPC) abort(err error) {
	if rpc.response.sendStatus(err) {
		rpc.isAborted = true
		rpc.done <- struct{}{}
	}
}

// respond ends the RPC with a response. It follows SendMsg of serverStream in
// grpc-go's stream.go, and then processRPC of its server.go.
//
// Without stats handlers, which may do as they like with what has been sent, the
// caller's goroutine copies a response that it can copy directly.
func (rpc *unaryRPC) respond(resp any) (err error) {
	if rpc.response.events == nil {
		err = rpc.call.format.toClient.Lend(&rpc.result, resp, rpc.reply, &rpc.method.responses)
	} else {
		err = rpc.call.format.toClient.Copy(&rpc.result, resp, &rpc.method.responses)
	}
	if err != nil {
		rpc.response.sendStatus(err)
		return err
	}
	size := 0
	if rpc.response.events != nil {
		size = rpc.result.Size()
	}
	err = rpc.response.sendResponse(resp, size, rpc.result.IsLent())
	rpc.hasResult = err == nil
	return err
}

// served ends what serve began, also if a handler has ended its goroutine.
func (rpc *unaryRPC) served() {
	if !rpc.isReturned {
		rpc.response.sendStatus(wire.ErrNoStatus)
		rpc.response.events.End(wire.ErrNoStatus)
	}
	if rpc.response.ended == byServer && !rpc.isAborted {
		rpc.done <- struct{}{} // await leaves
		return
	}
	rpc.leave()
}

// receive copies the response into the reply. The server has ended the RPC.
func (rpc *unaryRPC) receive() error {
	reply := rpc.reply
	size, err := rpc.takeResult(reply)
	if err != nil {
		return err
	}
	rpc.call.events.InPayload(reply, size)
	return rpc.response.status // A response arrives even if the client cannot read the trailer that follows it.
}

// takeResult copies the response into reply, and leaves, since a stats handler that is then
// told of the response may call Shutdown.
func (rpc *unaryRPC) takeResult(reply any) (size int, err error) {
	defer rpc.leave()
	status := rpc.response.status
	switch {
	case status == nil && !rpc.hasResult:
		return 0, wire.ErrNoResponse
	case !rpc.hasResult || rpc.response.headerLost:
		return 0, status
	}
	size = rpc.call.sizeOf(&rpc.result)
	if err := rpc.call.opts.checkReceived(size); err != nil {
		return size, err
	}
	return size, rpc.call.format.toClient.HandOver(reply, &rpc.result, &rpc.method.responses)
}

// leave ends the RPC for [InFlight]. The context of the handler, which it may
// keep, no longer keeps the messages.
func (rpc *unaryRPC) leave() {
	if rpc.response.lent {
		rpc.response.returnLent()
	}
	rpc.response.entry.Leave()
	rpc.request, rpc.result, rpc.reply = message.Copy{}, message.Copy{}, nil
	rpc.response.forget()
}

// finish tells the caller's side how the RPC ended. It follows finish of
// clientStream in grpc-go's stream.go. response is nil if nothing has been sent.
func (rpc *unaryRPC) finish(err error, response *responseState) error {
	call := &rpc.call
	opts, events := call.opts, call.events
	// The context of the handler, which it may keep, no longer keeps them.
	call.opts, call.events, call.metadata = nil, nil, nil
	if response != nil {
		opts.deliver(&rpc.response.client.conn.peer, response)
	}
	if events != nil {
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
