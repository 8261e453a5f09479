package rpc

import (
	"cmp"
	"context"
	"io"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/inprocchain/inprocchain/internal/message"
	"github.com/inprocchain/inprocchain/internal/wire"
)

// A serverStream is the handler's half of a stream. It follows processRPC of grpc-go's
// server.go and serverStream of its stream.go.
type serverStream struct {
	*handlerCall
	method        *method
	messages      *messages
	clientStreams bool
	serverStreams bool

	hasSentMessage bool // The header has been sent, too. Only the sender uses it.
	hasMessage     bool // The handler has received a message. Only the receiver uses these two.
	sawEnd         bool // The handler has received the last message of the client, and io.EOF.
}

func newServerStream(call *handlerCall, method *method, messages *messages) *serverStream {
	s := &serverStream{handlerCall: call, method: method, messages: messages}
	if method.stream != nil {
		s.clientStreams, s.serverStreams = method.stream.ClientStreams, method.stream.ServerStreams
	}
	return s
}

func (s *serverStream) serve() error {
	s.begin(s.clientStreams, s.serverStreams)
	defer s.watchConnection()()
	err := s.handle()
	if err != nil {
		err = wire.HandlerStatus(err)
	}
	s.sendStatus(err)
	return err
}

// watchConnection lets RecvMsg and SendMsg stop waiting when the context ends that TagConn has
// returned, until stop is called.
func (s *serverStream) watchConnection() (stop func()) {
	ctx := s.values.Context
	if ctx.Done() == nil { // It is the usual one.
		return func() {}
	}
	stopWatching := context.AfterFunc(ctx, func() {
		s.messages.endConnection(wire.ContextStatus(ctx))
	})
	return func() { stopWatching() }
}

func (s *serverStream) handle() error {
	m := s.method
	switch {
	case m.unary != nil:
		return s.handleUnary()
	case s.server().streamChain == nil || !s.clientStreams && !s.serverStreams:
		return m.stream.Handler(m.impl, s)
	}
	return s.handleInChain()
}

// handleInChain is apart from handle, which needs less stack without it; see next.
func (s *serverStream) handleInChain() error {
	info := &grpc.StreamServerInfo{
		FullMethod:     s.fullMethod,
		IsClientStream: s.clientStreams,
		IsServerStream: s.serverStreams,
	}
	return s.server().streamChain(s.method.impl, s, info, s.method.stream.Handler)
}

// handleUnary serves a unary method that is called with NewStream, as
// wrapUnaryHandler of grpc-go's server.go does.
func (s *serverStream) handleUnary() error {
	resp, err := s.method.unary(s.method.impl, s.ctx, s.RecvMsg, s.server().unaryChain)
	if err != nil {
		return err
	}
	return s.SendMsg(resp)
}

func (s *serverStream) Context() context.Context { return s.ctx }

func (s *serverStream) SetHeader(md metadata.MD) error {
	if err := wire.Validate(md); err != nil {
		return err
	}
	return s.handlerCall.SetHeader(md)
}

func (s *serverStream) SendHeader(md metadata.MD) error {
	if err := wire.Validate(md); err != nil {
		return err
	}
	return s.handlerCall.SendHeader(md)
}

func (s *serverStream) SetTrailer(md metadata.MD) {
	if err := wire.Validate(md); err != nil {
		wire.Logger.Errorf("stream: failed to validate md when setting trailer, err: %v", err)
	}
	_ = s.handlerCall.SetTrailer(md)
}

func (s *serverStream) SendMsg(m any) error {
	err := s.send(m)
	if err != nil {
		s.abort(err)
	}
	return err
}

// abort ends the RPC with an error of its stream, while the handler runs. The client need
// not wait for the handler.
func (s *serverStream) abort(err error) {
	if s.sendStatus(err) {
		s.stream.release()
	}
}

func (s *serverStream) send(m any) error {
	var sent message.Copy
	if err := s.stream.format.toClient.Copy(&sent, m, s.measures); err != nil {
		return err
	}
	err := error(nil)
	if !s.hasSentMessage {
		err = s.sendHeader(nil, nil)
		s.hasSentMessage = err == nil
	}
	if err == nil {
		err = s.put(sent)
	}
	if err != nil && err != errHeaderLost {
		return err
	}
	s.events.OutPayload(m, sent.Size())
	if err == errHeaderLost { // The handler learns of it later.
		s.stream.loseHeader()
	}
	return nil
}

// put gives a message to the caller.
func (s *serverStream) put(m message.Copy) error {
	for {
		s.stream.noticeEnd()
		switch isDone, isPut := s.messages.put(&s.messages.responses, m, false); {
		case isPut:
			return nil
		case isDone:
			return cmp.Or(s.whyEnded(), s.messages.whyConnectionEnded())
		}
	}
}

func (s *serverStream) RecvMsg(m any) error {
	var next message.Copy
	err := s.next(&next)
	switch {
	case err == nil:
		err = s.receive(m, &next)
	case err == io.EOF && !s.clientStreams && !s.hasMessage:
		err = wire.ErrNoRequest
	}
	if err != nil && err != io.EOF {
		s.abort(err)
	}
	return err
}

// receive gives the handler a message.
func (s *serverStream) receive(m any, next *message.Copy) error {
	size := next.Size()
	if err := s.server().checkReceived(size); err != nil {
		return err
	}
	if err := s.stream.format.toServer.HandOver(m, next); err != nil {
		return err
	}
	s.hasMessage = true
	s.events.InPayload(m, size)
	if s.clientStreams {
		return nil
	}
	switch err := s.next(next); err {
	case io.EOF:
		return nil
	case nil:
		return wire.ErrSecondRequest
	default:
		return err
	}
}

// next sets m to the next message. Its error is io.EOF after the last one, or the status of an RPC that
// has ended. A handler that waits here should need no more stack than the 2 KB that its goroutine begins
// with, so m is not a result (BenchmarkOpenStreams).
func (s *serverStream) next(m *message.Copy) error {
	requests := &s.messages.requests
	s.stream.mu.Lock()
	defer s.stream.unlockForHandler()
	for {
		switch {
		case s.sawEnd:
			return io.EOF
		case !requests.isEmpty():
			*m = requests.take()
			return nil
		case requests.isClosed:
			s.sawEnd = true
		case s.messages.connectionEnded != nil: // It has ended before the RPC.
			return s.messages.connectionEnded
		case s.stream.ended != notEnded:
			return wire.ErrCanceled
		default:
			requests.isAwaited = true
			requests.changed.Wait()
			requests.isAwaited = false
		}
	}
}
