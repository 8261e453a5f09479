package observe

import (
	"context"
	"io"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain/internal/clone"
	"github.com/inprocchain/inprocchain/internal/transport"
)

// UnaryServer returns the interceptor that tells the handlers of each unary RPC
// that is served. There must be one handler at least.
func UnaryServer(handlers []stats.Handler) grpc.UnaryServerInterceptor {
	handler := combine(handlers)
	return func(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
		s := serve(ctx, handler, info.FullMethod, false, false)
		transport.ObserveRequest(req, s)
		defer s.tellEndAnyway()
		resp, err := next(s.handlerContext(), req)
		if err == nil {
			s.tellOutPayload(resp, transport.ResponseSize(req, resp))
		}
		s.tellEnd(err)
		return resp, err
	}
}

// StreamServer is to streaming RPCs what [UnaryServer] is to unary ones.
func StreamServer(handlers []stats.Handler) grpc.StreamServerInterceptor {
	handler := combine(handlers)
	return func(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) error {
		s := serve(ss.Context(), handler, info.FullMethod, info.IsClientStream, info.IsServerStream)
		defer s.tellEndAnyway()
		err := next(srv, &serverStream{s, ss, s.handlerContext()})
		s.tellEnd(err)
		return err
	}
}

// A served tells a handler how one RPC is served. It is the RPC's
// [grpc.ServerTransportStream], so that it sees what metadata the RPC's handler
// sends. It holds the events that come once, as an attempt does, but none with a
// message, since handlers may keep their contexts, and it with them.
type served struct {
	grpc.ServerTransportStream
	untagged context.Context
	ctx      context.Context
	handler  stats.Handler

	mu          sync.Mutex
	header      metadata.MD
	trailer     metadata.MD
	headerSent  bool
	trailerSent bool

	tag        stats.RPCTagInfo
	inHeader   stats.InHeader
	begin      stats.Begin
	outHeader  stats.OutHeader
	outTrailer stats.OutTrailer
	end        stats.End
}

// serve is what handleStream and processRPC of grpc-go's server.go tell first.
func serve(ctx context.Context, handler stats.Handler, method string, clientStream, serverStream bool) *served {
	header, _ := metadata.FromIncomingContext(ctx)
	s := &served{
		ServerTransportStream: grpc.ServerTransportStreamFromContext(ctx),
		untagged:              ctx,
		handler:               handler,
		tag:                   stats.RPCTagInfo{FullMethodName: method},
		inHeader:              stats.InHeader{FullMethod: method, RemoteAddr: addr, LocalAddr: addr, Header: header},
	}
	s.ctx = handler.TagRPC(ctx, &s.tag)
	handler.HandleRPC(s.ctx, &s.inHeader)
	s.begin = stats.Begin{BeginTime: time.Now(), IsClientStream: clientStream, IsServerStream: serverStream}
	handler.HandleRPC(s.ctx, &s.begin)
	return s
}

// handlerContext returns the context for the RPC's handler.
func (s *served) handlerContext() context.Context {
	if s.ServerTransportStream == nil { // a handler written by hand has made the context
		return s.ctx
	}
	return grpc.NewContextWithServerTransportStream(s.ctx, s)
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
		s.tellOutHeader()
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

// InPayload tells of a message that the handler has received.
func (s *served) InPayload(message any, size int) {
	s.handler.HandleRPC(s.ctx, &stats.InPayload{
		Payload:          message,
		Length:           size,
		CompressedLength: size,
		WireLength:       size,
		RecvTime:         time.Now(),
	})
}

// tellOutHeader tells of the header, once.
func (s *served) tellOutHeader() {
	s.mu.Lock()
	sent, header := s.headerSent, s.header
	s.headerSent = true
	s.mu.Unlock()
	if !sent {
		s.outHeader = stats.OutHeader{Header: header.Copy()}
		s.handler.HandleRPC(s.ctx, &s.outHeader)
	}
}

func (s *served) tellOutPayload(message any, size int) {
	s.tellOutHeader()
	s.handler.HandleRPC(s.ctx, &stats.OutPayload{
		Payload:          message,
		Length:           size,
		CompressedLength: size,
		WireLength:       size,
		SentTime:         time.Now(),
	})
}

// tellOutTrailer tells of the trailer, once, unless the client has gone.
func (s *served) tellOutTrailer(err error) {
	s.mu.Lock()
	sent, header, trailer := s.trailerSent, s.header, s.trailer
	s.trailerSent = true
	s.mu.Unlock()
	if sent || err != nil && transport.ClientGone(s.untagged, s.ServerTransportStream) {
		return
	}
	if len(header) > 0 {
		s.tellOutHeader()
	}
	s.outTrailer = stats.OutTrailer{Trailer: trailer.Copy()}
	if st, _ := status.FromError(err); len(st.Proto().GetDetails()) > 0 {
		delete(s.outTrailer.Trailer, "grpc-status-details-bin") // the status takes its place
	}
	s.handler.HandleRPC(s.ctx, &s.outTrailer)
}

func (s *served) tellEnd(err error) {
	s.tellOutTrailer(err)
	s.end = stats.End{BeginTime: s.begin.BeginTime, EndTime: time.Now(), Error: err}
	s.handler.HandleRPC(s.ctx, &s.end)
}

// tellEndAnyway tells of the end of an RPC whose handler ends its goroutine.
func (s *served) tellEndAnyway() {
	if s.end.EndTime.IsZero() {
		s.tellEnd(transport.ErrNoAnswer)
	}
}

// A serverStream tells of what its RPC's handler sends and receives.
type serverStream struct {
	served *served
	grpc.ServerStream
	ctx context.Context
}

func (s *serverStream) Context() context.Context { return s.ctx }

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
		s.served.tellOutHeader()
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
		s.served.tellOutPayload(m, clone.Size(m))
	} else if err != io.EOF {
		s.served.tellOutTrailer(err) // it has ended the RPC
	}
	return err
}

func (s *serverStream) RecvMsg(m any) error {
	err := s.ServerStream.RecvMsg(m)
	if err == nil {
		s.served.InPayload(m, clone.Size(m))
	} else if err != io.EOF {
		s.served.tellOutTrailer(err) // it has ended the RPC
	}
	return err
}
