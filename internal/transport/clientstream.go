package transport

import (
	"context"
	"io"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	"github.com/inprocchain/inprocchain/internal/clone"
)

// NewStream is the [grpc.Streamer] at the end of the client's interceptors.
func (c *Client) NewStream(ctx context.Context, desc *grpc.StreamDesc, _ *grpc.ClientConn, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	s := &clientStream{desc: desc, call: newCall(opts)}
	s.ctx, s.cancel = s.call.join(peer.NewContext(ctx, &c.peer))
	if err := c.open(s, method); err != nil {
		s.cancel()
		if o := s.call.observer; o != nil {
			o.End(nil, err)
		}
		onFinish(opts, err)
		return nil, err
	}
	s.mu.Lock() // finish may run before AfterFunc returns
	defer s.mu.Unlock()
	s.stop = context.AfterFunc(s.ctx, func() {
		s.rpc.contextEnded()
		s.finish(contextStatus(s.ctx))
	})
	return s, nil
}

func (c *Client) open(s *clientStream, method string) error {
	sent, header, err := requestMetadata(s.ctx, method, s.call.creds())
	if err != nil {
		return err
	}
	rpc := &streamRPC{client: c, headerDone: make(chan struct{}), ended: make(chan struct{})}
	rpc.Context = s.ctx
	rpc.toServer.init(s.ctx)
	rpc.toClient.init(s.ctx)
	rpc.answer.method = method
	rpc.answer.sent = func() { close(rpc.headerDone) }
	s.rpc = rpc
	if s.call.observer != nil {
		s.call.observer.OutHeader(&c.peer, sent)
	}
	found, err := c.methods.find(method, streamMethod)
	switch {
	case err != nil:
		rpc.end(err)
		return nil
	case found.stream != nil:
		rpc.handle(found, header)
		return nil
	}
	rpc.Context = withHeader(s.ctx, sent, header)
	s.below, err = c.ch.NewStream(rpc, s.desc, method)
	return err
}

// A clientStream follows clientStreamWrapper and clientStream of grpc-go's stream.go.
type clientStream struct {
	rpc    *streamRPC
	desc   *grpc.StreamDesc
	call   call
	ctx    context.Context
	cancel context.CancelFunc
	stop   func() bool       // watching ctx
	below  grpc.ClientStream // kept, since inprocgrpc cancels the RPC when this is garbage

	sendClosed bool // the sender's
	received   bool // the receiver's

	headerSeen sync.Once
	mu         sync.Mutex
	finished   bool
	result     error
}

func (s *clientStream) Context() context.Context { return s.ctx }

func (s *clientStream) Header() (metadata.MD, error) {
	s.awaitHeader()
	if header, ok := s.rpc.answer.sentHeader(); ok {
		return header.Copy(), nil
	}
	if _, ended := s.rpc.trailer(); ended {
		s.finish(s.rpc.err)
	} else {
		s.finish(contextStatus(s.ctx))
	}
	return nil, nil // RecvMsg tells the error
}

func (s *clientStream) awaitHeader() {
	select {
	case <-s.rpc.headerDone:
	case <-s.ctx.Done():
	}
	s.seeHeader()
}

func (s *clientStream) seeHeader() {
	header, ok := s.rpc.answer.sentHeader()
	if ok && s.call.observer != nil {
		s.headerSeen.Do(func() { s.call.observer.InHeader(header) })
	}
}

func (s *clientStream) Trailer() metadata.MD {
	trailer, _ := s.rpc.trailer()
	return trailer.Copy()
}

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

func (s *clientStream) send(m any) error {
	if s.sendClosed {
		return errSendClosed
	}
	var message clone.Owned
	if err := s.rpc.client.cloner.Clone(&message, m); err != nil {
		return err
	}
	size := s.call.sizeOf(&message)
	if err := s.call.checkSend(size); err != nil {
		return err
	}
	if err := s.rpc.toServer.put(message); err != nil {
		return io.EOF // RecvMsg tells why
	}
	if s.call.observer != nil {
		s.call.observer.OutPayload(m, size)
	}
	if !s.desc.ClientStreams {
		return s.CloseSend()
	}
	return nil
}

func (s *clientStream) CloseSend() error {
	s.sendClosed = true
	s.rpc.toServer.closeWrite()
	return nil
}

func (s *clientStream) RecvMsg(m any) error {
	if !s.received { // a message comes after the header
		s.awaitHeader()
	}
	if err := s.receive(m); err != nil {
		return err
	}
	if s.desc.ServerStreams {
		return nil
	}
	// What ends the RPC comes after the only message.
	switch err := s.receive(m); err {
	case io.EOF:
		return nil
	case nil:
		s.finish(errMoreAnswers)
		return errMoreAnswers
	default:
		return err
	}
}

func (s *clientStream) receive(m any) error {
	message, err := s.rpc.toClient.get()
	switch {
	case err == io.EOF && s.rpc.err == nil && !s.desc.ServerStreams && !s.received:
		if result := s.finish(errNoResponse); result != io.EOF {
			return result
		}
		return errNoResponse // Header has seen a good end
	case err == io.EOF:
		return s.finish(s.rpc.err)
	case err != nil:
		return s.finish(contextStatus(s.ctx))
	}
	s.received = true
	size := s.call.sizeOf(&message)
	if err := s.call.checkReceived(size); err != nil {
		return s.finish(err)
	}
	if err := s.rpc.client.cloner.HandOver(m, &message); err != nil {
		return s.finish(err)
	}
	if s.call.observer != nil {
		s.call.observer.InPayload(m, size)
	}
	return nil
}

// finish ends the RPC for the caller, once. It returns what RecvMsg reports for
// how the RPC ended first: io.EOF where it ended well.
func (s *clientStream) finish(err error) error {
	result, first := s.conclude(err)
	if first {
		onFinish(s.call.opts, err)
	}
	return orEOF(result)
}

// conclude tells how the RPC ended. Who comes second waits, since then what the
// call options point to is the caller's.
func (s *clientStream) conclude(err error) (result error, first bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.finished {
		return s.result, false
	}
	s.finished, s.result = true, err
	s.stop()
	header, headerSent := s.rpc.answer.sentHeader()
	trailer, ended := s.rpc.trailer()
	s.cancel() // first, since what is called below may wait for the handler
	s.rpc.contextEnded()
	s.call.deliver(&s.rpc.client.peer, header, headerSent, trailer)
	s.seeHeader()
	if o := s.call.observer; o != nil {
		if ended {
			o.InTrailer(trailer)
		}
		o.End(trailer, err)
	}
	return err, true
}

func orEOF(err error) error {
	if err == nil {
		return io.EOF
	}
	return err
}
