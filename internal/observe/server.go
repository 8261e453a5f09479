package observe

import (
	"context"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"

	"github.com/inprocchain/inprocchain/internal/clone"
)

// UnaryServer returns the interceptor that tells the handlers of each unary RPC
// that is served. There must be one handler at least.
func UnaryServer(handlers []stats.Handler) grpc.UnaryServerInterceptor {
	handler := combine(handlers)
	return func(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
		s := serve(ctx, handler, info.FullMethod, false, false)
		s.inPayload(req)
		resp, err := next(s.ctx, req)
		if err == nil {
			s.outPayload(resp)
		}
		s.end(err)
		return resp, err
	}
}

// StreamServer is to streaming RPCs what [UnaryServer] is to unary ones.
func StreamServer(handlers []stats.Handler) grpc.StreamServerInterceptor {
	handler := combine(handlers)
	return func(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) error {
		s := serve(ss.Context(), handler, info.FullMethod, info.IsClientStream, info.IsServerStream)
		err := next(srv, &serverStream{s, ss})
		s.end(err)
		return err
	}
}

// A served tells a handler how one RPC is served. It is the RPC's
// [grpc.ServerTransportStream], so that it sees what metadata the RPC's handler
// sends.
type served struct {
	grpc.ServerTransportStream
	ctx       context.Context
	handler   stats.Handler
	beginTime time.Time

	mu         sync.Mutex
	header     metadata.MD
	trailer    metadata.MD
	headerSent bool
}

// serve is what handleStream and processRPC of grpc-go's server.go tell first.
func serve(ctx context.Context, handler stats.Handler, method string, clientStream, serverStream bool) *served {
	s := &served{ServerTransportStream: grpc.ServerTransportStreamFromContext(ctx), handler: handler}
	header, _ := metadata.FromIncomingContext(ctx)
	ctx = handler.TagRPC(ctx, &stats.RPCTagInfo{FullMethodName: method})
	handler.HandleRPC(ctx, &stats.InHeader{
		FullMethod: method,
		RemoteAddr: addr,
		LocalAddr:  addr,
		Header:     header,
	})
	s.beginTime = time.Now()
	s.ctx = grpc.NewContextWithServerTransportStream(ctx, s)
	handler.HandleRPC(s.ctx, &stats.Begin{
		BeginTime:      s.beginTime,
		IsClientStream: clientStream,
		IsServerStream: serverStream,
	})
	return s
}

func (s *served) SetHeader(md metadata.MD) error {
	err := s.ServerTransportStream.SetHeader(md)
	if err == nil {
		s.addHeader(md)
	}
	return err
}

func (s *served) SendHeader(md metadata.MD) error {
	err := s.ServerTransportStream.SendHeader(md)
	if err == nil {
		s.addHeader(md)
		s.outHeader()
	}
	return err
}

func (s *served) SetTrailer(md metadata.MD) error {
	err := s.ServerTransportStream.SetTrailer(md)
	if err == nil {
		s.addTrailer(md)
	}
	return err
}

func (s *served) addHeader(md metadata.MD) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.header = metadata.Join(s.header, md)
}

func (s *served) addTrailer(md metadata.MD) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trailer = metadata.Join(s.trailer, md)
}

func (s *served) inPayload(message any) {
	size := clone.Size(message)
	s.handler.HandleRPC(s.ctx, &stats.InPayload{
		Payload:          message,
		Length:           size,
		CompressedLength: size,
		WireLength:       size,
		RecvTime:         time.Now(),
	})
}

// outHeader tells of the header, once.
func (s *served) outHeader() {
	s.mu.Lock()
	sent, header := s.headerSent, s.header
	s.headerSent = true
	s.mu.Unlock()
	if !sent {
		s.handler.HandleRPC(s.ctx, &stats.OutHeader{Header: header.Copy()})
	}
}

func (s *served) outPayload(message any) {
	s.outHeader()
	size := clone.Size(message)
	s.handler.HandleRPC(s.ctx, &stats.OutPayload{
		Payload:          message,
		Length:           size,
		CompressedLength: size,
		WireLength:       size,
		SentTime:         time.Now(),
	})
}

// end tells of the trailer, unless the client has gone, and of the end.
func (s *served) end(err error) {
	if err == nil || s.ctx.Err() == nil {
		s.mu.Lock()
		header, trailer := s.header, s.trailer.Copy()
		s.mu.Unlock()
		if len(header) > 0 {
			s.outHeader()
		}
		s.handler.HandleRPC(s.ctx, &stats.OutTrailer{Trailer: trailer})
	}
	s.handler.HandleRPC(s.ctx, &stats.End{BeginTime: s.beginTime, EndTime: time.Now(), Error: err})
}

// A serverStream tells of what its RPC's handler sends and receives.
type serverStream struct {
	served *served
	grpc.ServerStream
}

func (s *serverStream) Context() context.Context { return s.served.ctx }

func (s *serverStream) SetHeader(md metadata.MD) error {
	err := s.ServerStream.SetHeader(md)
	if err == nil {
		s.served.addHeader(md)
	}
	return err
}

func (s *serverStream) SendHeader(md metadata.MD) error {
	err := s.ServerStream.SendHeader(md)
	if err == nil {
		s.served.addHeader(md)
		s.served.outHeader()
	}
	return err
}

func (s *serverStream) SetTrailer(md metadata.MD) {
	s.ServerStream.SetTrailer(md)
	s.served.addTrailer(md)
}

func (s *serverStream) SendMsg(m any) error {
	err := s.ServerStream.SendMsg(m)
	if err == nil {
		s.served.outPayload(m)
	}
	return err
}

func (s *serverStream) RecvMsg(m any) error {
	err := s.ServerStream.RecvMsg(m)
	if err == nil {
		s.served.inPayload(m)
	}
	return err
}
