package rpc

import (
	"context"
	"io"

	"github.com/inprocchain/inprocchain/internal/message"
	"github.com/inprocchain/inprocchain/internal/wire"
)

// A unaryCaller is the caller's half of an RPC with one request and one response.
type unaryCaller struct {
	clientCall
	changes chan struct{} // receives a value when await should look again
	handler unaryHandler  // the other half, which is here to save an allocation
}

// invoke makes the RPC.
func (u *unaryCaller) invoke(req, reply any) error {
	err := u.exchange(req, reply)
	u.tellEnd(err)
	u.opts.onFinish(err)
	return err
}

// exchange sends the request and receives the response.
func (u *unaryCaller) exchange(req, reply any) error {
	u.changes = make(chan struct{}, 1)
	call := new(handlerCall)
	call.stream.listener = u
	refused, err := u.open(call, false, false)
	if err != nil {
		return err
	}
	isOver := false
	defer func() {
		if !isOver { // Something that the caller provides has panicked.
			u.stream.end(byClient, wire.ErrCanceled)
			if u.stream.claim() {
				call.leave()
			}
		}
	}()
	u.tellHeaderSent()
	u.handler.handlerCall, u.handler.reply = call, reply
	size, err := u.copyRequest(&u.handler.request, req)
	if err != nil {
		u.stream.end(byClient, err)
	}
	u.handler.requestLost = err != nil || u.mustEnd() // A network server has the header already.
	if refused != nil {
		call.start(&unservedCall{handlerCall: call, err: refused})
	} else {
		call.start(&u.handler)
	}
	if err != nil {
		isOver = true
		return err
	}
	entry := u.client.clientConn.watch(u.ctx, u)
	defer entry.Leave()
	if u.events != nil { // Its stats handlers may wait for the handler.
		if !u.neverEnds {
			defer u.watch()()
		}
		u.events.OutPayload(req, size)
	}
	u.await()
	isOver = true
	return u.receive(call, reply)
}

// copyRequest sets request to a copy of req, and returns its size.
func (u *unaryCaller) copyRequest(request *message.Copy, req any) (size int, err error) {
	if err := u.format.toServer.Copy(request, req, u.measuresRequests()); err != nil {
		return 0, err
	}
	size = request.Size()
	return size, u.opts.checkSend(size)
}

// await returns when the RPC is over.
func (u *unaryCaller) await() {
	done := u.ctx.Done() // If stats handlers were given another context, watch notices its end.
	for isOver := false; !isOver; isOver = u.look() {
		select {
		case <-u.changes:
		case <-done:
			u.stream.noticeEnd()
			done = nil // The RPC is over, unless somebody still asks the context.
		}
	}
}

// cancel ends the RPC when its ClientConn is closed.
func (u *unaryCaller) cancel(err error) { u.stream.abandon(byConnection, err) }

// watch ends the RPC when the caller's context ends, also while the caller is in a stats
// handler, until stop is called.
func (u *unaryCaller) watch() (stop func() bool) {
	stopTagged := context.AfterFunc(u.ctx, u.stream.noticeEnd)
	if u.given.Done() == u.ctx.Done() { // This is frequent: they end together.
		return stopTagged
	}
	stopGiven := context.AfterFunc(u.given, u.stream.noticeEnd)
	return func() bool {
		stopTagged()
		return stopGiven()
	}
}

// look tells stats handlers what has arrived, and reports whether the RPC is over.
func (u *unaryCaller) look() (isOver bool) {
	arrived := u.stream.arrival()
	untold := u.untold(arrived)
	u.toldHeader, u.toldTrailer = u.toldHeader || untold.header, u.toldTrailer || untold.trailer
	u.tell(untold)
	return arrived.isOver
}

// changed wakes the caller. It is called under the lock of the stream.
func (u *unaryCaller) changed() {
	if u.events == nil && !u.stream.isOver() {
		return // The caller waits for the end only.
	}
	select {
	case u.changes <- struct{}{}:
	default:
	}
}

// receive copies the response into reply, and returns how the RPC ended.
func (u *unaryCaller) receive(call *handlerCall, reply any) error {
	response, ok, status := u.stream.takeResponse()
	if response.IsLent() {
		defer call.takeBack()
	}
	if !ok {
		return status
	}
	size := response.Size()
	if err := u.opts.checkReceived(size); err != nil {
		return err
	}
	if err := u.format.toClient.HandOver(reply, &response); err != nil {
		return err
	}
	u.events.InPayload(reply, size)
	return status // A response arrives even if the client cannot read the trailer that follows it.
}

// A unaryHandler is the handler's half of an RPC with one request and one response. It
// follows wrapUnaryHandler of grpc-go's server.go.
type unaryHandler struct {
	*handlerCall
	served *method

	reply       any // the caller's, for a message of its type
	request     message.Copy
	requestLost bool // The request could not be sent.
	isDecoded   bool // The handler has received the request.
}

func (h *unaryHandler) serve() error {
	h.begin(false, false)
	resp, err := h.served.unary(h.served.impl, h.ctx, h.decode, h.server().unaryChain)
	if err != nil {
		err = wire.HandlerStatus(err)
		h.sendStatus(err)
		return err
	}
	return h.respond(resp)
}

// decode is how the handler gets its request. It follows RecvMsg of serverStream in
// grpc-go's stream.go.
func (h *unaryHandler) decode(out any) error {
	switch {
	case h.requestLost:
		h.stream.noticeEnd()
		_ = h.stream.whyEnded() // The handler's context ends before the handler learns of it.
		return wire.ErrCanceled
	case h.isDecoded:
		return io.EOF
	}
	h.isDecoded = true
	size := h.request.Size()
	err := h.server().checkReceived(size)
	if err == nil {
		err = h.stream.format.toServer.HandOver(out, &h.request)
	}
	if err != nil {
		// As on a network, the caller need not wait for the handler.
		h.sendStatus(err)
		h.stream.release()
		return err
	}
	h.events.InPayload(out, size)
	return nil
}

// respond ends the RPC with a response.
func (h *unaryHandler) respond(resp any) error {
	var response message.Copy
	if err := h.copyResponse(&response, resp); err != nil {
		h.sendStatus(err)
		return err
	}
	return h.sendResponse(&response, resp, response.Size())
}

// copyResponse sets response to a copy of resp. Without stats handlers, which may do as they
// like before the caller copies it, resp is lent to the caller's goroutine: the stack of the
// handler's goroutine would have to grow for a copy (BenchmarkUnary).
func (h *unaryHandler) copyResponse(response *message.Copy, resp any) error {
	if h.events != nil || h.isWatched {
		return h.stream.format.toClient.Copy(response, resp, h.measures)
	}
	return h.stream.format.toClient.Lend(response, resp, h.reply, h.measures)
}
