package rpc

import (
	"context"
	"io"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/inprocchain/inprocchain/internal/message"
	"github.com/inprocchain/inprocchain/internal/wire"
)

// A clientStream is the caller's half of a stream. It follows clientStreamWrapper and
// clientStream of grpc-go's stream.go. How it ends is in clientstreamend.go.
type clientStream struct {
	clientCall
	desc      *grpc.StreamDesc
	isInvoke  bool            // The caller uses Invoke.
	streamCtx context.Context // for Context
	messages  *messages
	unserved  *unservedCall // the handler's half of an Invoke that no handler serves; nil for others

	sendClosed bool // The caller has sent its last message. Only the sender uses it.
	hasMessage bool // The caller has received a message. Only the receiver uses it.

	calls           atomic.Int32 // that the caller is in
	cancelContext   context.CancelFunc
	stopTagged      func() bool // stops watching ctx
	stopGiven       func() bool // stops watching given; may be nil
	clientConnEntry *Entry      // watches the ClientConn; nil if there is none

	// The lock of stream guards these.
	told          sync.Cond // isTelling or hasFinished has changed
	isTelling     bool      // A call tells stats handlers what has arrived.
	abandonedWith error     // why the caller's context or ClientConn has ended the RPC
	isFinishing   bool      // finish has been called.
	hasFinished   bool      // Stats handlers have seen the end, and call options are set.
}

// open makes the RPC.
func (s *clientStream) open() error {
	s.enterCall()
	s.ctx, s.cancelContext = context.WithCancel(s.ctx)
	s.isContextLent = s.client.conn.clientStats != nil // to which they may add
	call := new(handlerCall)
	s.messages = newMessages(&call.stream)
	refused, err := s.clientCall.open(call, s.desc.ClientStreams, s.desc.ServerStreams)
	if err != nil {
		s.tellEnd(err)
		s.cancelContext() // Before OnFinish, as in newClientStream of grpc-go's stream.go.
		s.opts.onFinish(err)
		return err
	}
	s.told.L = &s.stream.mu
	s.streamCtx = s.withPeer(s.ctx)
	s.serve(call, refused)
	hasOpened := false
	defer func() { // Stats handlers may panic.
		if !hasOpened {
			s.answerUnserved()
			s.cancelContext() // The goroutine that watches it ends the RPC.
			s.stopWatching()
		}
	}()
	s.watch()
	s.tellHeaderSent()
	s.look()
	hasOpened = true
	s.leaveCall()
	return nil
}

// serve starts the handler's goroutine. For an Invoke that no handler serves, that is left
// to answerUnserved.
func (s *clientStream) serve(call *handlerCall, refused error) {
	found, unserved := s.client.server.methods.find(s.method)
	if refused != nil {
		unserved = &unservedCall{err: refused}
	}
	if unserved == nil {
		call.start(newServerStream(call, found, s.messages))
		return
	}
	unserved.handlerCall = call
	s.unserved = unserved
	if !s.isInvoke {
		s.answerUnserved()
	}
}

// answerUnserved ends an RPC that no handler serves. Invoke calls it after the request has
// been sent, so that stats handlers always see both.
func (s *clientStream) answerUnserved() {
	if s.unserved != nil {
		s.unserved.start(s.unserved)
		s.unserved = nil
	}
}

// openWith makes the RPC of an Invoke and sends its request. It counts as one method, so that no other
// goroutine ends the RPC meanwhile.
func (s *clientStream) openWith(req any) error {
	s.enterCall()
	defer s.leaveCall()
	if err := s.open(); err != nil {
		return err
	}
	defer s.answerUnserved()
	return s.SendMsg(req)
}

func (s *clientStream) Context() context.Context { return s.streamCtx }

func (s *clientStream) Header() (metadata.MD, error) {
	s.enterCall()
	defer s.leaveCall()
	isReceived, hasWaited, err := s.awaitHeader()
	switch {
	case isReceived:
		return s.stream.receivedHeader(), nil
	case hasWaited && err == wire.ErrClientConnClosing:
		// grpc-go returns the status that Close of internal/transport/http2_client.go gives
		// a stream. The other methods return the error.
		s.finishWith(err, wire.ErrClosingBeforeHeader)
	default:
		s.finish(err)
	}
	return nil, nil // RecvMsg returns the error.
}

// awaitHeader waits for the header, or for the end of the RPC, whose status it returns.
func (s *clientStream) awaitHeader() (isReceived, hasWaited bool, status error) {
	for {
		s.stream.noticeEnd()
		s.lookUnlessTelling()
		s.stream.mu.Lock()
		arrived := s.stream.arrivalLocked()
		if arrived.header || arrived.isOver {
			defer s.stream.mu.Unlock()
			return arrived.header, hasWaited, s.stream.status
		}
		hasWaited = true
		s.messages.responses.changed.Wait()
		s.stream.mu.Unlock()
	}
}

func (s *clientStream) Trailer() metadata.MD { return s.stream.receivedTrailer() }

func (s *clientStream) SendMsg(m any) error {
	s.enterCall()
	defer s.leaveCall()
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

func (s *clientStream) send(m any) error {
	if s.sendClosed {
		return wire.ErrSendAfterClose
	}
	if !s.desc.ClientStreams {
		s.sendClosed = true
	}
	var sent message.Copy
	if err := s.format.toServer.Copy(&sent, m, s.measuresRequests()); err != nil {
		return err
	}
	size := sent.Size()
	if err := s.opts.checkSend(size); err != nil {
		return err
	}
	if !s.put(sent) {
		return io.EOF // RecvMsg returns the reason.
	}
	s.events.OutPayload(m, size)
	return nil
}

// put gives a message to the handler. It reports false if the RPC has ended.
func (s *clientStream) put(m message.Copy) bool {
	isLast := !s.desc.ClientStreams
	for {
		s.stream.noticeEnd()
		s.lookUnlessTelling()
		if isDone, isPut := s.messages.put(&s.messages.requests, m, isLast); isDone {
			return isPut
		}
	}
}

func (s *clientStream) CloseSend() error {
	s.enterCall()
	defer s.leaveCall()
	s.sendClosed = true
	s.stream.noticeEnd()
	s.lookUnlessTelling()
	s.messages.closeRequests()
	return nil
}

func (s *clientStream) RecvMsg(m any) error {
	s.enterCall()
	defer s.leaveCall()
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
	next, status, ok := s.next()
	if !ok {
		if status == nil && !s.desc.ServerStreams && !s.hasMessage {
			status = wire.ErrNoResponse
		}
		s.finish(status)
		if status == nil {
			return io.EOF
		}
		return status
	}
	size := next.Size()
	if err := s.opts.checkReceived(size); err != nil {
		s.finish(err)
		return err
	}
	if err := s.format.toClient.HandOver(m, &next); err != nil {
		s.finish(err)
		return err
	}
	s.hasMessage = true
	s.events.InPayload(m, size)
	return nil
}

// next returns the next message. It reports false, and the status, once the RPC is over and
// all that arrived before has been taken. This holds for every reason to end: the buffer of
// a stream in grpc-go has the end after the messages, too.
func (s *clientStream) next() (m message.Copy, status error, ok bool) {
	t, responses := s.stream, &s.messages.responses
	for {
		t.noticeEnd()
		s.look()
		t.mu.Lock()
		switch {
		case s.hasUntold(): // It has arrived after look.
		case !responses.isEmpty():
			m = responses.take()
			t.mu.Unlock()
			return m, nil, true
		case t.isOver():
			status = t.status
			t.mu.Unlock()
			return message.Copy{}, status, false
		default:
			responses.changed.Wait()
		}
		t.mu.Unlock()
	}
}
