package rpc

import (
	"context"
	"io"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	"github.com/inprocchain/inprocchain/internal/message"
	"github.com/inprocchain/inprocchain/internal/wire"
)

// A clientStream is the caller's half of a stream. It follows clientStreamWrapper
// and clientStream of grpc-go's stream.go.
type clientStream struct {
	client *Client
	desc   *grpc.StreamDesc
	call   call
	rpc    *streamRPC

	requests, responses *message.Pool // of the method; nil if it is unknown

	ctx             context.Context
	cancelContext   context.CancelFunc
	stopWatching    func() bool // stops watching the context
	clientConnEntry *Entry      // watches the ClientConn; nil if there is none

	unaryCall  bool   // The caller uses Invoke.
	refuse     func() // ends an RPC that has no handler; nil for others
	isServed   bool   // The handler's goroutine, or refuse, ends the RPC for InFlight.
	sendClosed bool   // The caller has sent its last message. Only the sender uses it.
	hasMessage bool   // The caller has received a message. Only the receiver uses it.

	// The lock of rpc guards these.
	received      queue
	headerWaiters int // calls of Header that wait

	mu       sync.Mutex // guards finished, and is held while options are set
	finished bool
}

// open makes the RPC.
func (s *clientStream) open() error {
	c, call := s.client, &s.call
	s.rpc = new(streamRPC)
	s.rpc.response.client = c
	s.rpc.makeCancelable(s)
	call.ctx, s.cancelContext = context.WithCancel(call.ctx)
	refused := c.server.accept(call.ctx, &s.rpc.response.entry, call.method, s.rpc)
	defer s.leaveUnlessServed()
	c.begin(call, refused, s.desc.ClientStreams, s.desc.ServerStreams)
	if refused != nil {
		return s.fail(refused)
	}
	values, refused, err := c.sendHeader(call)
	if err != nil {
		return s.fail(err)
	}
	s.ctx = peer.NewContext(call.ctx, &c.conn.peer)
	s.rpc.response.init(call, values)
	s.start(values, refused)
	s.watch()
	return nil
}

// leaveUnlessServed ends the RPC for [InFlight] if nobody else will, because something
// that the caller provides has failed or has panicked.
func (s *clientStream) leaveUnlessServed() {
	if !s.isServed {
		s.rpc.response.entry.Leave()
	}
}

// fail tells of an RPC of which nothing has been sent.
func (s *clientStream) fail(err error) error {
	s.call.events.End(nil, err)
	s.call.opts.onFinish(err)
	s.cancelContext()
	return err
}

// start has the server serve the RPC, or refuse it.
func (s *clientStream) start(values context.Context, refused error) {
	found, isTagged, err := s.client.server.methods.find(s.call.method)
	switch {
	case refused != nil:
		s.refuse = func() {
			s.rpc.response.refuse(refused)
			s.rpc.release()
			s.rpc.response.entry.Leave()
		}
	case err != nil:
		s.refuse = func() { s.client.server.serveUnknown(s, isTagged, err) }
	}
	s.isServed = true
	if s.refuse != nil {
		if !s.unaryCall {
			s.refuse()
		}
		return
	}
	s.requests, s.responses = &found.requests, &found.responses
	handler := newServerStream(s, found)
	s.rpc.serveBy(handler)
	go handler.serve()
}

// watch ends the RPC when its context or its ClientConn ends.
func (s *clientStream) watch() {
	s.mu.Lock() // finish may run before AfterFunc returns.
	s.stopWatching = context.AfterFunc(s.ctx, func() { s.finish(wire.ContextStatus(s.ctx)) })
	s.mu.Unlock()
	entry := s.client.clientConn.watch(s.ctx, s.call.method, s)
	s.mu.Lock()
	s.clientConnEntry = entry
	if s.finished {
		entry.Leave()
	}
	s.mu.Unlock()
}

// cancel ends the RPC when its ClientConn is closed. What finish calls may wait for the
// caller of Close.
func (s *clientStream) cancel(err error) { go s.finish(err) }

func (s *clientStream) Context() context.Context { return s.ctx }

// noticeEnd ends the RPC if its context or its ClientConn has ended, without waiting
// for the goroutines that watch them.
func (s *clientStream) noticeEnd() {
	switch {
	case s.client.clientConn.isClosed():
		s.rpc.response.end(byConnection, wire.ErrClientConnClosing, context.Canceled)
	case s.ctx.Err() != nil:
		s.rpc.response.end(byClient, wire.ContextStatus(s.ctx), contextErr(s.ctx))
	}
}

func (s *clientStream) Header() (metadata.MD, error) {
	s.noticeEnd()
	r := &s.rpc.response
	r.mu.Lock()
	s.headerWaiters++
	for !r.headerSent && !s.rpc.isOver() {
		s.rpc.waiting.Wait()
	}
	s.headerWaiters--
	isReceived, err := r.headerSent && !r.headerLost, r.status
	r.mu.Unlock()
	if isReceived {
		return r.clientHeader(), nil
	}
	s.finish(err)
	return nil, nil // RecvMsg returns the error.
}

func (s *clientStream) Trailer() metadata.MD { return s.rpc.response.clientTrailer().Copy() }

func (s *clientStream) SendMsg(m any) error {
	err := s.send(m)
	if err != nil && err != io.EOF {
		s.finish(err)
		return err
	}
	if s.desc.ClientStreams {
		return err
	}
	return nil
}

// sendUnary sends the request of an RPC by Invoke, which ends if it has no handler.
func (s *clientStream) sendUnary(req any) error {
	if s.refuse != nil {
		defer s.refuse()
	}
	return s.SendMsg(req)
}

func (s *clientStream) send(m any) error {
	if s.sendClosed {
		return wire.ErrSendAfterClose
	}
	if !s.desc.ClientStreams {
		s.sendClosed = true
	}
	var sent message.Copy
	if err := s.call.format.toServer.Copy(&sent, m, s.requests); err != nil {
		return err
	}
	size := s.call.sizeOf(&sent)
	if err := s.call.opts.checkSend(size); err != nil {
		return err
	}
	if !s.put(sent) {
		return io.EOF // RecvMsg returns the reason.
	}
	s.call.events.OutPayload(m, size)
	return nil
}

// put gives a message to the handler. It reports false if the RPC has ended.
func (s *clientStream) put(m message.Copy) bool {
	s.noticeEnd()
	r := &s.rpc.response
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.ended == notEnded {
		if s.rpc.handler == nil { // The method is unknown.
			return true
		}
		received := &s.rpc.handler.received
		if !received.isFull() {
			received.put(m)
			if !s.desc.ClientStreams {
				received.close()
			}
			return true
		}
		received.writable.Wait()
	}
	return false
}

func (s *clientStream) CloseSend() error {
	s.sendClosed = true
	s.noticeEnd()
	r := &s.rpc.response
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended == notEnded && s.rpc.handler != nil {
		s.rpc.handler.received.close()
	}
	return nil
}

func (s *clientStream) RecvMsg(m any) error {
	if err := s.receive(m); err != nil {
		return err
	}
	if s.desc.ServerStreams {
		return nil
	}
	// The end of the RPC comes after the only message.
	switch err := s.receive(m); err {
	case io.EOF:
		return nil
	case nil:
		s.finish(wire.ErrSecondResponse) // grpc-go leaves the stream open, and nobody could end it.
		return wire.ErrSecondResponse
	default:
		return err
	}
}

func (s *clientStream) receive(m any) error {
	next, ok := s.next()
	if !ok {
		err := s.rpc.response.status
		if err == nil && !s.desc.ServerStreams && !s.hasMessage {
			err = wire.ErrNoResponse
		}
		s.finish(err)
		if err == nil {
			return io.EOF
		}
		return err
	}
	size := s.call.sizeOf(&next)
	if err := s.call.opts.checkReceived(size); err != nil {
		s.finish(err)
		return err
	}
	if err := s.call.format.toClient.HandOver(m, &next, s.responses); err != nil {
		s.finish(err)
		return err
	}
	s.hasMessage = true
	s.call.events.InPayload(m, size)
	return nil
}

// next returns the next message. It reports false once the RPC has ended and all
// that arrived before has been taken. This holds for every reason to end: the
// buffer of a stream in grpc-go has the end after the messages, too.
func (s *clientStream) next() (message.Copy, bool) {
	s.noticeEnd()
	r := &s.rpc.response
	r.mu.Lock()
	defer r.mu.Unlock()
	for s.received.isEmpty() {
		if s.rpc.isOver() {
			return message.Copy{}, false
		}
		s.received.readable.Wait()
	}
	return s.received.take(), true
}

// finish ends the RPC for the caller, once: with err, unless the server has ended it
// before. grpc.OnFinish and stats handlers get err either way, as in grpc-go.
//
// A second caller waits, because afterwards what the call options point to belongs
// to its caller.
func (s *clientStream) finish(err error) {
	if reported, first := s.finishOnce(err); first {
		s.call.opts.onFinish(reported)
		s.cancelContext()
	}
}

func (s *clientStream) finishOnce(err error) (reported error, first bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.finished {
		return nil, false
	}
	s.finished = true
	s.stopWatching()
	s.clientConnEntry.Leave()
	r := &s.rpc.response
	by := byClient
	if err == wire.ErrClientConnClosing {
		by = byConnection
	}
	reported = s.reported(err)
	r.end(by, err, contextErr(s.ctx))
	s.call.opts.deliver(&s.client.conn.peer, r)
	if s.call.events != nil {
		s.call.events.End(r.clientTrailer(), reported)
	}
	return reported, true
}

// reported returns what grpc.OnFinish and stats handlers get instead of err. In grpc-go,
// Header returns the status that Close of internal/transport/http2_client.go gives a
// stream, and RecvMsg the error.
func (s *clientStream) reported(err error) error {
	if err != wire.ErrClientConnClosing {
		return err
	}
	s.rpc.response.mu.Lock()
	defer s.rpc.response.mu.Unlock()
	if s.headerWaiters > 0 {
		return wire.ErrClosingBeforeHeader
	}
	return err
}
