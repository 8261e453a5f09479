package transport

import (
	"context"
	"io"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/inprocchain/inprocchain/internal/clone"
)

// A serverStream follows serverStream of grpc-go's stream.go.
type serverStream struct {
	rpc           *streamRPC
	ctx           context.Context
	cancel        context.CancelFunc
	clientStreams bool
	received      bool
	halfClosed    bool
}

func newServerStream(rpc *streamRPC, ctx context.Context, info *grpc.StreamServerInfo) *serverStream {
	ctx, cancel := context.WithCancel(ctx)
	return &serverStream{
		rpc:           rpc,
		ctx:           ctx,
		cancel:        cancel,
		clientStreams: info.IsClientStream,
	}
}

func (s *serverStream) Context() context.Context { return s.ctx }

func (s *serverStream) SetHeader(md metadata.MD) error {
	if err := validate(md); err != nil {
		return err
	}
	return s.rpc.answer.SetHeader(md)
}

func (s *serverStream) SendHeader(md metadata.MD) error {
	if err := validate(md); err != nil {
		return err
	}
	return s.rpc.answer.SendHeader(md)
}

func (s *serverStream) SetTrailer(md metadata.MD) {
	_ = s.rpc.answer.SetTrailer(md)
}

func (s *serverStream) SendMsg(m any) error {
	err := s.send(m)
	if err != nil {
		s.end(err)
	}
	return err
}

// end answers the RPC with an error of the handler's own making. Its other
// goroutines should not wait for a client that may never look.
func (s *serverStream) end(err error) {
	s.cancel() // first, since a client that has the answer ends the context, too
	s.rpc.end(err)
}

func (s *serverStream) send(m any) error {
	var message clone.Owned
	if err := s.rpc.client.cloner.Clone(&message, m); err != nil {
		return err
	}
	if s.rpc.Err() != nil {
		return s.contextStatus()
	}
	if err := s.rpc.answer.message(); err != nil {
		return err
	}
	switch err := s.rpc.toClient.put(message); err {
	case nil:
		return nil
	case io.EOF:
		return errDone
	default:
		return s.contextStatus()
	}
}

func (s *serverStream) RecvMsg(m any) error {
	err := s.receive(m)
	if err != nil && err != io.EOF {
		s.end(err)
	}
	return err
}

func (s *serverStream) receive(m any) error {
	message, err := s.next()
	if err == io.EOF && !s.clientStreams && !s.received {
		return errNoRequest
	}
	if err != nil {
		return err
	}
	s.received = true
	if err := s.rpc.client.cloner.HandOver(m, &message); err != nil {
		return err
	}
	if s.clientStreams {
		return nil
	}
	switch _, err := s.next(); err {
	case io.EOF:
		return nil
	case nil:
		return errMoreAsked
	default:
		return err
	}
}

func (s *serverStream) next() (clone.Owned, error) {
	message, err := s.rpc.toServer.get()
	switch {
	case err == io.EOF && (s.halfClosed || s.rpc.Err() == nil && s.ctx.Err() == nil):
		s.halfClosed = true // and stays so
	case err != nil:
		err = s.contextStatus()
	}
	return message, err
}

// contextStatus returns the status of a stream whose context ends, since its
// client's has or since it has been answered.
func (s *serverStream) contextStatus() error {
	<-s.ctx.Done()
	return contextStatus(s.ctx)
}
