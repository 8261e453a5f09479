package rpc

import (
	"context"
	"io"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/inprocchain/inprocchain/internal/message"
	"github.com/inprocchain/inprocchain/internal/observe"
	"github.com/inprocchain/inprocchain/internal/wire"
)

// A serverStream is the handler's half of a stream. It follows processRPC of
// grpc-go's server.go and serverStream of its stream.go.
type serverStream struct {
	server *Server
	conn   *connection
	method *method
	rpc    *streamRPC

	format        *format
	clientStreams bool
	serverStreams bool

	ctx        context.Context
	events     *observe.Server
	received   queue // guarded by the lock of rpc
	headerSent bool  // A message has been sent, and so has the header. Only the sender uses it.
	hasMessage bool  // The handler has received a message.
	sawEnd     bool  // The handler has received the last message of the client, and io.EOF.
	isEnded    bool  // The handler has returned, and its status has been sent.
}

func newServerStream(caller *clientStream, method *method) *serverStream {
	s := &serverStream{
		server: caller.client.server,
		conn:   caller.client.conn,
		method: method,
		rpc:    caller.rpc,
		format: caller.call.format,
	}
	if method.stream != nil {
		s.clientStreams, s.serverStreams = method.stream.ClientStreams, method.stream.ServerStreams
	}
	s.received.init(&s.rpc.response.mu)
	return s
}

// serve calls the handler.
func (s *serverStream) serve() {
	defer s.served()
	response := &s.rpc.response
	s.events = response.receive(s.server.stats, s.conn.addr)
	s.ctx = response.handlerContext()
	s.events.Begin(s.clientStreams, s.serverStreams)
	s.end(s.handle())
}

func (s *serverStream) handle() error {
	m := s.method
	switch {
	case m.unary != nil:
		return s.handleUnary()
	case s.server.streamChain == nil || !s.clientStreams && !s.serverStreams:
		return m.stream.Handler(m.impl, s)
	}
	return s.server.streamChain(m.impl, s, &grpc.StreamServerInfo{
		FullMethod:     s.rpc.response.Method(),
		IsClientStream: s.clientStreams,
		IsServerStream: s.serverStreams,
	}, m.stream.Handler)
}

// handleUnary serves a unary method that is called with NewStream, as
// wrapUnaryHandler of grpc-go's server.go does.
func (s *serverStream) handleUnary() error {
	resp, err := s.method.unary(s.method.impl, s.ctx, s.RecvMsg, s.server.unaryChain)
	if err != nil {
		return err
	}
	return s.SendMsg(resp)
}

// end ends the RPC with what its handler has returned.
func (s *serverStream) end(err error) {
	if err != nil {
		err = wire.HandlerStatus(err)
	}
	s.rpc.response.sendStatus(err)
	s.isEnded = true
	s.events.End(err)
}

// served ends what serve began, also if a handler has ended its goroutine. The client
// sees the end after stats handlers have.
func (s *serverStream) served() {
	if !s.isEnded {
		s.end(wire.ErrNoStatus)
	}
	s.rpc.release()
	s.rpc.response.entry.Leave()
	s.rpc.response.forget()
}

// serveUnknown ends an RPC whose method is unknown.
func (s *Server) serveUnknown(caller *clientStream, isTagged bool, err error) {
	response := &caller.rpc.response
	if isTagged {
		response.receive(s.stats, caller.client.conn.addr)
	} else {
		response.events = observe.Untagged(&response.context, s.stats)
	}
	response.sendStatus(err)
	caller.rpc.release()
	caller.rpc.response.entry.Leave()
}

func (s *serverStream) Context() context.Context { return s.ctx }

func (s *serverStream) SetHeader(md metadata.MD) error {
	if err := wire.Validate(md); err != nil {
		return err
	}
	return s.rpc.response.SetHeader(md)
}

func (s *serverStream) SendHeader(md metadata.MD) error {
	if err := wire.Validate(md); err != nil {
		return err
	}
	return s.rpc.response.SendHeader(md)
}

func (s *serverStream) SetTrailer(md metadata.MD) {
	if err := wire.Validate(md); err != nil {
		wire.Logger.Errorf("stream: failed to validate md when setting trailer, err: %v", err)
	}
	_ = s.rpc.response.SetTrailer(md)
}

func (s *serverStream) SendMsg(m any) error {
	err := s.send(m)
	if err != nil {
		s.abort(err)
	}
	return err
}

// abort ends the RPC with an error of its stream, while the handler runs. The client
// need not wait for the handler.
func (s *serverStream) abort(err error) {
	if s.rpc.response.sendStatus(err) {
		s.rpc.release()
	}
}

func (s *serverStream) send(m any) error {
	var sent message.Copy
	err := s.format.toClient.Copy(&sent, m, &s.method.responses)
	if err != nil {
		return err
	}
	size := 0
	if s.events != nil {
		size = sent.Size()
	}
	if !s.headerSent {
		err = s.rpc.response.writeHeader(nil, nil)
		s.headerSent = err == nil
	}
	if err == nil {
		err = s.put(sent)
	}
	if err != nil && err != errHeaderLost {
		return err
	}
	s.events.OutPayload(m, size)
	if err == errHeaderLost { // The handler learns of it later.
		s.rpc.response.loseHeader()
	}
	return nil
}

// put gives a message to the caller.
func (s *serverStream) put(m message.Copy) error {
	r := &s.rpc.response
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.ended == notEnded {
		received := &s.rpc.caller.received
		if !received.isFull() {
			received.put(m)
			return nil
		}
		received.writable.Wait()
	}
	return r.endedStatus()
}

func (s *serverStream) RecvMsg(m any) error {
	err := s.receive(m)
	if err != nil && err != io.EOF {
		s.abort(err)
	}
	return err
}

func (s *serverStream) receive(m any) error {
	next, err := s.next()
	if err == io.EOF && !s.clientStreams && !s.hasMessage {
		return wire.ErrNoRequest
	}
	if err != nil {
		return err
	}
	size := 0
	if s.events != nil {
		size = next.Size()
	}
	if err := s.format.toServer.HandOver(m, &next, &s.method.requests); err != nil {
		return err
	}
	s.hasMessage = true
	s.events.InPayload(m, size)
	if s.clientStreams {
		return nil
	}
	switch _, err := s.next(); err {
	case io.EOF:
		return nil
	case nil:
		return wire.ErrSecondRequest
	default:
		return err
	}
}

// next returns the next message. Its error is io.EOF after the last one, or the
// status of an RPC that has ended.
func (s *serverStream) next() (message.Copy, error) {
	r := &s.rpc.response
	r.mu.Lock()
	defer r.mu.Unlock()
	for {
		switch {
		case s.sawEnd:
			return message.Copy{}, io.EOF
		case r.ended != notEnded:
			return message.Copy{}, r.contextStatus()
		case !s.received.isEmpty():
			return s.received.take(), nil
		case s.received.closed:
			s.sawEnd = true
		default:
			s.received.readable.Wait()
		}
	}
}
