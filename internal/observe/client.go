package observe

import (
	"context"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/stats"

	"github.com/inprocchain/inprocchain/internal/transport"
)

// UnaryClient returns the interceptor that tells the handlers of each attempt
// at a unary RPC. There must be one handler at least.
func UnaryClient(handlers []stats.Handler) grpc.UnaryClientInterceptor {
	handler := combine(handlers)
	return func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		a := begin(ctx, handler, method, false, false, opts)
		return invoker(a.ctx, method, req, reply, cc, a.observing(opts)...)
	}
}

// StreamClient is to streaming RPCs what [UnaryClient] is to unary ones.
func StreamClient(handlers []stats.Handler) grpc.StreamClientInterceptor {
	handler := combine(handlers)
	return func(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
		a := begin(ctx, handler, method, desc.ClientStreams, desc.ServerStreams, opts)
		return streamer(a.ctx, desc, cc, method, a.observing(opts)...)
	}
}

// An attempt tells a handler how one attempt at an RPC goes on. It holds the
// events of a unary one, since one allocation is cheaper than ten.
type attempt struct {
	grpc.EmptyCallOption
	ctx     context.Context
	handler stats.Handler

	tag        stats.RPCTagInfo
	begin      stats.Begin
	outHeader  stats.OutHeader
	outPayload stats.OutPayload
	inHeader   stats.InHeader
	inPayload  stats.InPayload
	inTrailer  stats.InTrailer
	end        stats.End
}

// begin is what newAttemptLocked of grpc-go's stream.go tells.
func begin(ctx context.Context, handler stats.Handler, method string, clientStream, serverStream bool, opts []grpc.CallOption) *attempt {
	failFast := failsFast(opts)
	a := &attempt{
		handler: handler,
		tag:     stats.RPCTagInfo{FullMethodName: method, FailFast: failFast},
		begin: stats.Begin{
			Client:         true,
			BeginTime:      time.Now(),
			FailFast:       failFast,
			IsClientStream: clientStream,
			IsServerStream: serverStream,
		},
	}
	a.ctx = handler.TagRPC(ctx, &a.tag)
	handler.HandleRPC(a.ctx, &a.begin)
	return a
}

func failsFast(opts []grpc.CallOption) bool {
	failFast := true
	for _, opt := range opts {
		if opt, ok := opt.(grpc.FailFastCallOption); ok {
			failFast = opt.FailFast
		}
	}
	return failFast
}

func (a *attempt) observing(opts []grpc.CallOption) []grpc.CallOption {
	return append(opts[:len(opts):len(opts)], a)
}

func (a *attempt) OutHeader(to *peer.Peer, header metadata.MD) {
	a.ctx = peer.NewContext(a.ctx, to)
	if len(header) > 0 {
		header = header.Copy() // what was sent is the server's
	}
	a.outHeader = stats.OutHeader{
		Client:     true,
		Header:     header,
		FullMethod: a.tag.FullMethodName,
		RemoteAddr: addr,
		LocalAddr:  addr,
		Authority:  transport.Name,
	}
	a.handler.HandleRPC(a.ctx, &a.outHeader)
}

func (a *attempt) OutPayload(message any, size int) {
	event := &a.outPayload
	if a.isStream() {
		event = new(stats.OutPayload)
	}
	*event = stats.OutPayload{
		Client:           true,
		Payload:          message,
		Length:           size,
		CompressedLength: size,
		WireLength:       size,
		SentTime:         time.Now(),
	}
	a.handler.HandleRPC(a.ctx, event)
}

// isStream reports whether there may be more messages than one.
func (a *attempt) isStream() bool { return a.begin.IsClientStream || a.begin.IsServerStream }

func (a *attempt) InHeader(header metadata.MD) {
	a.inHeader = stats.InHeader{Client: true, Header: header.Copy()}
	a.handler.HandleRPC(a.ctx, &a.inHeader)
}

func (a *attempt) InPayload(message any, size int) {
	event := &a.inPayload
	if a.isStream() {
		event = new(stats.InPayload)
	}
	*event = stats.InPayload{
		Client:           true,
		Payload:          message,
		Length:           size,
		CompressedLength: size,
		WireLength:       size,
		RecvTime:         time.Now(),
	}
	a.handler.HandleRPC(a.ctx, event)
}

func (a *attempt) InTrailer(trailer metadata.MD) {
	a.inTrailer = stats.InTrailer{Client: true, Trailer: trailer.Copy()}
	a.handler.HandleRPC(a.ctx, &a.inTrailer)
}

func (a *attempt) End(trailer metadata.MD, err error) {
	a.end = stats.End{
		Client:    true,
		BeginTime: a.begin.BeginTime,
		EndTime:   time.Now(),
		Error:     err,
	}
	if a.outHeader.Client { // otherwise there has been no stream
		a.end.Trailer = trailer.Copy()
	}
	a.handler.HandleRPC(a.ctx, &a.end)
}
