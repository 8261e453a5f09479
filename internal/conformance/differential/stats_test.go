package differential_test

import (
	"context"
	"fmt"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"

	"github.com/inprocchain/inprocchain"
)

// The behaviors of stats handlers, besides recording.
const (
	statsRecord = iota
	statsOutgoing
	statsMetadata
)

var (
	clientStatsNames = []string{
		statsRecord:   "records",
		statsOutgoing: "adds outgoing metadata",
		statsMetadata: "changes the metadata in the events",
	}
	serverStatsNames = []string{
		statsRecord:   "records",
		statsOutgoing: "sets a header and a trailer",
		statsMetadata: "changes the metadata in the events",
	}
)

// chain returns the options of the program's chain.
func (r *run) chain() []inprocchain.Option {
	var opts []inprocchain.Option
	for i, behavior := range r.program.clientInterceptors {
		c := &clientInterceptor{run: r, observer: fmt.Sprintf("client interceptor %d", i+1), behavior: behavior}
		opts = append(opts, inprocchain.WithUnaryClientInterceptors(c.unary), inprocchain.WithStreamClientInterceptors(c.stream))
	}
	for i, behavior := range r.program.serverInterceptors {
		s := &serverInterceptor{run: r, observer: fmt.Sprintf("server interceptor %d", i+1), behavior: behavior}
		opts = append(opts, inprocchain.WithUnaryServerInterceptors(s.unary), inprocchain.WithStreamServerInterceptors(s.stream))
	}
	for i, behavior := range r.program.clientStats {
		h := &statsHandler{run: r, observer: fmt.Sprintf("client stats handler %d", i+1), behavior: behavior, client: true}
		opts = append(opts, inprocchain.WithClientStatsHandlers(h))
	}
	for i, behavior := range r.program.serverStats {
		h := &statsHandler{run: r, observer: fmt.Sprintf("server stats handler %d", i+1), behavior: behavior}
		opts = append(opts, inprocchain.WithServerStatsHandlers(h))
	}
	return opts
}

// A statsHandler records its events. It has an observer for each RPC.
type statsHandler struct {
	*run
	observer string
	behavior int
	client   bool

	mu   sync.Mutex
	rpcs int
}

type rpcKey struct{ *statsHandler }

func (h *statsHandler) TagRPC(ctx context.Context, info *stats.RPCTagInfo) context.Context {
	h.mu.Lock()
	h.rpcs++
	observer := h.observer
	if h.rpcs > 1 {
		observer = fmt.Sprintf("%s, RPC %d", h.observer, h.rpcs)
	}
	h.mu.Unlock()
	details := []any{"method", info.FullMethodName, "fail fast", info.FailFast}
	if h.client {
		outgoing, _ := metadata.FromOutgoingContext(ctx)
		details = append(details, "outgoing metadata", outgoing)
	} else {
		incoming, _ := metadata.FromIncomingContext(ctx)
		details = append(details, "metadata", incoming, "peer", peerText(ctx), "deadline in", remaining(ctx))
	}
	h.record(observer, "TagRPC", details...)
	if h.behavior == statsOutgoing && h.client {
		ctx = metadata.AppendToOutgoingContext(ctx, "from-stats-handler", "value")
	}
	return context.WithValue(ctx, rpcKey{h}, observer)
}

func (h *statsHandler) HandleRPC(ctx context.Context, s stats.RPCStats) {
	observer, ok := ctx.Value(rpcKey{h}).(string)
	if !ok {
		observer = h.observer + ", an RPC without its tag"
	}
	name, details := h.describe(s)
	details = append(details, "context error", ctx.Err())
	h.record(observer, name, details...)
	if h.behavior == statsMetadata {
		change(s)
	}
	if _, begins := s.(*stats.Begin); begins && !h.client && h.behavior == statsOutgoing {
		h.record(observer, "grpc.SetHeader", "error", grpc.SetHeader(ctx, metadata.Pairs("from-stats-handler", "header")))
		h.record(observer, "grpc.SetTrailer", "error", grpc.SetTrailer(ctx, metadata.Pairs("from-stats-handler", "trailer")))
	}
}

func (h *statsHandler) describe(s stats.RPCStats) (name string, details []any) {
	if s.IsClient() != h.client {
		details = append(details, "IsClient", s.IsClient())
	}
	switch s := s.(type) {
	case *stats.Begin:
		return "Begin", append(details, "client stream", s.IsClientStream, "server stream", s.IsServerStream,
			"fail fast", s.FailFast, "transparent retry", s.IsTransparentRetryAttempt, "at", h.since(s.BeginTime))
	case *stats.InPayload:
		return "InPayload", append(details, "message", messageText(s.Payload), "length", s.Length,
			"compressed", s.CompressedLength, "wire", s.WireLength, "at", h.since(s.RecvTime))
	case *stats.OutPayload:
		return "OutPayload", append(details, "message", messageText(s.Payload), "length", s.Length,
			"compressed", s.CompressedLength, "wire", s.WireLength, "at", h.since(s.SentTime))
	case *stats.InHeader:
		return "InHeader", append(details, "method", s.FullMethod, "compression", s.Compression, "wire", s.WireLength,
			"remote", fmt.Sprint(s.RemoteAddr), "local", fmt.Sprint(s.LocalAddr), "metadata", s.Header)
	case *stats.OutHeader:
		return "OutHeader", append(details, "method", s.FullMethod, "compression", s.Compression,
			"remote", fmt.Sprint(s.RemoteAddr), "local", fmt.Sprint(s.LocalAddr), "authority", s.Authority, "metadata", s.Header)
	case *stats.InTrailer:
		return "InTrailer", append(details, "wire", s.WireLength, "metadata", s.Trailer)
	case *stats.OutTrailer:
		return "OutTrailer", append(details, "metadata", s.Trailer)
	case *stats.End:
		return "End", append(details, "error", s.Error, "trailer", s.Trailer,
			"began", h.since(s.BeginTime), "ended", h.since(s.EndTime))
	default:
		return fmt.Sprintf("%T", s), details
	}
}

// change writes to the metadata of an event. The stats handler owns it.
func change(s stats.RPCStats) {
	var md metadata.MD
	switch s := s.(type) {
	case *stats.InHeader:
		md = s.Header
	case *stats.OutHeader:
		md = s.Header
	case *stats.InTrailer:
		md = s.Trailer
	case *stats.OutTrailer:
		md = s.Trailer
	case *stats.End:
		md = s.Trailer
	}
	if md != nil {
		md["from-stats-handler"] = []string{"changed"}
	}
}

func (h *statsHandler) TagConn(ctx context.Context, info *stats.ConnTagInfo) context.Context {
	h.record(h.observer+", connection", "TagConn", "remote", fmt.Sprint(info.RemoteAddr), "local", fmt.Sprint(info.LocalAddr))
	return ctx
}

func (h *statsHandler) HandleConn(_ context.Context, s stats.ConnStats) {
	h.record(h.observer+", connection", fmt.Sprintf("%T", s))
}
