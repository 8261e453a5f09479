package chaintest

import (
	"context"
	"fmt"
	"reflect"
	"strconv"
	"time"

	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
)

// The server has its own context key, so that the recorder detects a server that
// receives values of its client's context.
type (
	rpcKey           struct{}
	attemptKey       struct{}
	serverAttemptKey struct{}
)

// attemptIDKey is the metadata key for the id of the attempt.
const attemptIDKey = "chaintest-attempt"

// A firstClientHandler is called before the client stats handlers of the chain,
// and records their events.
type firstClientHandler struct{ *recorder }

func (firstClientHandler) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context {
	return ctx
}

func (firstClientHandler) HandleConn(context.Context, stats.ConnStats) {}

func (r firstClientHandler) TagRPC(ctx context.Context, info *stats.RPCTagInfo) context.Context {
	r.mu.Lock()
	defer r.mu.Unlock()
	a, _ := ctx.Value(attemptKey{}).(*attempt)
	if a == nil || a.tagged {
		of, _ := ctx.Value(rpcKey{}).(*rpc)
		if of == nil {
			of = r.newRPC(info.FullMethodName, false, false)
		}
		a = r.newAttempt(of)
		ctx = context.WithValue(ctx, attemptKey{}, a)
	}
	a.tagged = true
	a.addClient("client", event{name: "stats TagRPC", fields: []field{
		textField("FullMethodName", info.FullMethodName),
		textField("FailFast", fmt.Sprint(info.FailFast)),
	}})
	return ctx
}

func (r firstClientHandler) HandleRPC(ctx context.Context, s stats.RPCStats) {
	if header, ok := s.(*stats.OutHeader); ok {
		delete(header.Header, attemptIDKey)
	}
	if _, ok := s.(*stats.DelayedPickComplete); ok {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.handled[s] = true
	a, _ := ctx.Value(attemptKey{}).(*attempt)
	if a == nil {
		a = r.newAttempt(r.newRPC("(stats events whose context TagRPC has not returned)", false, false))
	}
	if a.client.stopped {
		return
	}
	switch s := s.(type) {
	case *stats.Begin:
		a.rpc.clientStreams, a.rpc.serverStreams = s.IsClientStream, s.IsServerStream
	case *stats.OutHeader:
		a.headersSent = true
	case *stats.OutPayload:
		a.requestSent = true
	}
	r.advance(&a.client, s)
	a.addClient(a.clientSequence(s), event{name: statsName(s), fields: r.statsFields(&a.client, s)})
}

// A firstServerHandler is called before the server stats handlers of the chain,
// and records their events.
type firstServerHandler struct{ *recorder }

func (firstServerHandler) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context {
	return ctx
}

func (firstServerHandler) HandleConn(context.Context, stats.ConnStats) {}

func (r firstServerHandler) TagRPC(ctx context.Context, info *stats.RPCTagInfo) context.Context {
	r.mu.Lock()
	defer r.mu.Unlock()
	ctx, a := r.findAttempt(ctx, info.FullMethodName)
	a.serverEvents.add("server", event{name: "stats TagRPC", fields: []field{
		textField("FullMethodName", info.FullMethodName),
		textField("FailFast", fmt.Sprint(info.FailFast)),
	}})
	return ctx
}

func (r firstServerHandler) HandleRPC(ctx context.Context, s stats.RPCStats) {
	if header, ok := s.(*stats.InHeader); ok {
		delete(header.Header, attemptIDKey)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.handled[s] = true
	a, _ := ctx.Value(serverAttemptKey{}).(*attempt)
	if a == nil {
		a = r.newAttempt(r.newRPC("(stats events whose context TagRPC has not returned)", false, false))
	}
	if a.server.stopped {
		return
	}
	r.advance(&a.server, s)
	a.serverEvents.add(a.serverSequence(s), event{name: statsName(s), fields: r.statsFields(&a.server, s)})
}

// findAttempt returns the attempt that a server's context belongs to, and removes
// its id from the metadata, so that the chain does not see it. It must be called
// with the lock held.
func (r *recorder) findAttempt(ctx context.Context, method string) (context.Context, *attempt) {
	if a, ok := ctx.Value(serverAttemptKey{}).(*attempt); ok {
		return ctx, a
	}
	md, _ := metadata.FromIncomingContext(ctx)
	var a *attempt
	if ids := md[attemptIDKey]; len(ids) > 0 {
		a = r.attempts[ids[len(ids)-1]]
		delete(md, attemptIDKey)
		ctx = metadata.NewIncomingContext(ctx, md)
	}
	if a == nil {
		a = r.newAttempt(r.newRPC(method, false, false))
	}
	return context.WithValue(ctx, serverAttemptKey{}, a), a
}

// advance updates the progress of an attempt.
func (r *recorder) advance(p *progress, s stats.RPCStats) {
	switch s := s.(type) {
	case *stats.Begin:
		p.begun, p.beginTime = true, s.BeginTime
	case *stats.OutTrailer:
		p.responded = true
	case *stats.End:
		p.ended, p.code = true, status.Code(s.Error)
	}
	r.signalChange()
}

// A lastHandler is called after the stats handlers of the chain. It checks that
// the first one has already seen each event.
type lastHandler struct{ *recorder }

func (lastHandler) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

func (lastHandler) HandleConn(context.Context, stats.ConnStats) {}

// isInOrder reports whether the first handler has already seen the event.
func (r lastHandler) isInOrder(s stats.RPCStats) bool {
	if _, ok := s.(*stats.DelayedPickComplete); ok {
		return true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	inOrder := r.handled[s]
	delete(r.handled, s)
	return inOrder
}

var outOfOrder = event{name: "stats handlers called out of order"}

type lastClientHandler struct{ lastHandler }

// TagRPC adds the attempt's id to the metadata, which the chain then no longer sees.
func (r lastClientHandler) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context {
	a, ok := ctx.Value(attemptKey{}).(*attempt)
	if !ok {
		return ctx
	}
	return metadata.AppendToOutgoingContext(ctx, attemptIDKey, a.id)
}

func (r lastClientHandler) HandleRPC(ctx context.Context, s stats.RPCStats) {
	if r.isInOrder(s) {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if a, ok := ctx.Value(attemptKey{}).(*attempt); ok {
		a.addClient(a.clientSequence(s), outOfOrder)
	}
}

type lastServerHandler struct{ lastHandler }

func (lastServerHandler) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context { return ctx }

func (r lastServerHandler) HandleRPC(ctx context.Context, s stats.RPCStats) {
	if r.isInOrder(s) {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if a, ok := ctx.Value(serverAttemptKey{}).(*attempt); ok {
		a.serverEvents.add(a.serverSequence(s), outOfOrder)
	}
}

func statsName(s stats.RPCStats) string {
	return "stats " + fmt.Sprintf("%T", s)[len("*stats."):]
}

// statsFields returns the fields of an event that are compared.
func (r *recorder) statsFields(p *progress, s stats.RPCStats) []field {
	fields := []field{textField("Client", fmt.Sprint(s.IsClient()))}
	add := func(name string, value any) { fields = append(fields, textField(name, fmt.Sprint(value))) }
	addSize := func(name string, size int) {
		fields = append(fields, field{name: name, text: strconv.Itoa(size), isSize: true})
	}
	switch s := s.(type) {
	case *stats.Begin:
		add("BeginTime", r.describeTime(s.BeginTime))
		add("FailFast", s.FailFast)
		add("IsClientStream", s.IsClientStream)
		add("IsServerStream", s.IsServerStream)
		add("IsTransparentRetryAttempt", s.IsTransparentRetryAttempt)
	case *stats.InHeader:
		fields = append(fields, metadataField("Header", s.Header))
		add("FullMethod", strconv.Quote(s.FullMethod))
		add("RemoteAddr", describeSet(s.RemoteAddr != nil))
		add("LocalAddr", describeSet(s.LocalAddr != nil))
	case *stats.OutHeader:
		fields = append(fields, metadataField("Header", s.Header))
		add("FullMethod", strconv.Quote(s.FullMethod))
		add("Authority", describeSet(authority(s) != ""))
		add("RemoteAddr", describeSet(s.RemoteAddr != nil))
		add("LocalAddr", describeSet(s.LocalAddr != nil))
	case *stats.InPayload:
		fields = append(fields, messageField("Payload", s.Payload))
		addSize("Length", s.Length)
		addSize("CompressedLength", s.CompressedLength)
		addSize("WireLength", s.WireLength)
		add("RecvTime", r.describeTime(s.RecvTime))
	case *stats.OutPayload:
		fields = append(fields, messageField("Payload", s.Payload))
		addSize("Length", s.Length)
		addSize("CompressedLength", s.CompressedLength)
		addSize("WireLength", s.WireLength)
		add("SentTime", r.describeTime(s.SentTime))
	case *stats.InTrailer:
		fields = append(fields, metadataField("Trailer", s.Trailer))
	case *stats.OutTrailer:
		fields = append(fields, metadataField("Trailer", s.Trailer))
	case *stats.End:
		add("BeginTime", describeBeginOfEnd(p.beginTime, s.BeginTime))
		add("EndTime", r.describeTime(s.EndTime))
		fields = append(fields, metadataField("Trailer", s.Trailer))
		fields = append(fields, errorField("Error", s.Error))
	}
	return fields
}

// authority returns the Authority of the event, or "" before grpc-go v1.85.0, which added
// the field.
func authority(s *stats.OutHeader) string {
	value := reflect.ValueOf(s).Elem().FieldByName("Authority")
	if !value.IsValid() {
		return ""
	}
	return value.String()
}

func describeBeginOfEnd(begin, got time.Time) string {
	switch {
	case got.IsZero():
		return "not set"
	case !got.Equal(begin):
		return "not that of Begin"
	}
	return "that of Begin"
}
