package observe

import (
	"context"
	"net"
	"time"

	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
)

// A Server calls a stats handler for an RPC that a server has received. It contains the
// events that occur once, except those with a message: a handler may retain its context,
// and the context retains the Server.
type Server struct {
	ctx     context.Context
	handler stats.Handler

	tag        stats.RPCTagInfo
	inHeader   stats.InHeader
	begin      stats.Begin
	outHeader  stats.OutHeader
	outTrailer stats.OutTrailer
	end        stats.End
}

// ReceiveRPC calls handler for an RPC whose header has arrived. It follows
// handleStream of grpc-go's server.go.
func ReceiveRPC(ctx context.Context, handler stats.Handler, method string, remote, local net.Addr) *Server {
	header, _ := metadata.FromIncomingContext(ctx)
	s := &Server{
		handler:  handler,
		tag:      stats.RPCTagInfo{FullMethodName: method},
		inHeader: stats.InHeader{FullMethod: method, RemoteAddr: remote, LocalAddr: local, Header: header},
	}
	s.ctx = handler.TagRPC(ctx, &s.tag)
	handler.HandleRPC(s.ctx, &s.inHeader)
	return s
}

// Untagged returns a Server for an RPC with a malformed method. Its handler gets only
// OutTrailer, with a context that TagRPC has not seen. It follows
// handleMalformedMethodName of grpc-go's server.go. It returns nil if handler is nil.
func Untagged(ctx context.Context, handler stats.Handler) *Server {
	if handler == nil {
		return nil
	}
	return &Server{handler: handler, ctx: ctx}
}

// Context returns the context that TagRPC returned.
func (s *Server) Context() context.Context { return s.ctx }

// Begin calls the handler for an RPC whose method is known. It follows processRPC
// of grpc-go's server.go.
func (s *Server) Begin(clientStreams, serverStreams bool) {
	if s == nil {
		return
	}
	s.begin = stats.Begin{BeginTime: time.Now(), IsClientStream: clientStreams, IsServerStream: serverStreams}
	s.handler.HandleRPC(s.ctx, &s.begin)
}

// InPayload calls the handler for a message that has been received.
func (s *Server) InPayload(message any, size int) {
	if s == nil {
		return
	}
	s.handler.HandleRPC(s.ctx, &stats.InPayload{
		Payload:          message,
		Length:           size,
		CompressedLength: size,
		WireLength:       size + framing,
		RecvTime:         time.Now(),
	})
}

// OutHeader calls the handler for the header that has been sent.
func (s *Server) OutHeader(header metadata.MD) {
	if s == nil {
		return
	}
	s.outHeader = stats.OutHeader{Header: header.Copy()}
	s.handler.HandleRPC(s.ctx, &s.outHeader)
}

// OutPayload calls the handler for a message that has been sent.
func (s *Server) OutPayload(message any, size int) {
	if s == nil {
		return
	}
	s.handler.HandleRPC(s.ctx, &stats.OutPayload{
		Payload:          message,
		Length:           size,
		CompressedLength: size,
		WireLength:       size + framing,
		SentTime:         time.Now(),
	})
}

// OutTrailer calls the handler for the trailer that has been sent. The caller must not
// use trailer afterwards.
func (s *Server) OutTrailer(trailer metadata.MD) {
	if s == nil {
		return
	}
	s.outTrailer = stats.OutTrailer{Trailer: trailer}
	s.handler.HandleRPC(s.ctx, &s.outTrailer)
}

// End calls the handler for the end of an RPC that has begun, with the handler's context.
// Later calls do nothing.
func (s *Server) End(ctx context.Context, err error) {
	if s == nil || s.begin.BeginTime.IsZero() || !s.end.EndTime.IsZero() {
		return
	}
	s.end = stats.End{BeginTime: s.begin.BeginTime, EndTime: time.Now(), Error: err}
	s.handler.HandleRPC(ctx, &s.end)
}
