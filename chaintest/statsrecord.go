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

// The keys are apart so that a server which sees its client's context is found out.
type (
	rpcKey     struct{}
	attemptKey struct{}
	servedKey  struct{}
)

// attemptID is the metadata key by which a server's half of an attempt is found.
const attemptID = "chaintest-attempt"

// firstClient is told before the chain's handlers, and records.
type firstClient struct{ *recorder }

func (firstClient) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

func (firstClient) HandleConn(context.Context, stats.ConnStats) {}

func (r firstClient) TagRPC(ctx context.Context, info *stats.RPCTagInfo) context.Context {
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
	r.addClient(a, "client", event{name: "stats TagRPC", fields: []field{
		{"FullMethodName", info.FullMethodName},
		{"FailFast", fmt.Sprint(info.FailFast)},
	}})
	return ctx
}

func (r firstClient) HandleRPC(ctx context.Context, s stats.RPCStats) {
	if header, ok := s.(*stats.OutHeader); ok {
		delete(header.Header, attemptID)
	}
	if _, ok := s.(*stats.DelayedPickComplete); ok {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.inOrder[s] = true
	a, _ := ctx.Value(attemptKey{}).(*attempt)
	if a == nil {
		a = r.newAttempt(r.newRPC("(stats events whose context TagRPC has not returned)", false, false))
	}
	if a.client.frozen {
		return
	}
	switch s := s.(type) {
	case *stats.Begin:
		a.rpc.clientStreams, a.rpc.serverStreams = s.IsClientStream, s.IsServerStream
	case *stats.OutHeader:
		a.left = true
	case *stats.OutPayload:
		a.asked = true
	}
	r.follow(&a.client, s)
	r.addClient(a, a.clientLane(s), event{name: statsName(s), fields: r.statsFields(&a.client, s)})
}

// firstServer is told before the chain's handlers, and records.
type firstServer struct{ *recorder }

func (firstServer) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

func (firstServer) HandleConn(context.Context, stats.ConnStats) {}

func (r firstServer) TagRPC(ctx context.Context, info *stats.RPCTagInfo) context.Context {
	r.mu.Lock()
	defer r.mu.Unlock()
	ctx, a := r.arrive(ctx, info.FullMethodName)
	a.server.add("server", event{name: "stats TagRPC", fields: []field{
		{"FullMethodName", info.FullMethodName},
		{"FailFast", fmt.Sprint(info.FailFast)},
	}})
	return ctx
}

func (r firstServer) HandleRPC(ctx context.Context, s stats.RPCStats) {
	if header, ok := s.(*stats.InHeader); ok {
		delete(header.Header, attemptID)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.inOrder[s] = true
	a, _ := ctx.Value(servedKey{}).(*attempt)
	if a == nil {
		a = r.newAttempt(r.newRPC("(stats events whose context TagRPC has not returned)", false, false))
	}
	if a.served.frozen {
		return
	}
	r.follow(&a.served, s)
	a.server.add(a.serverLane(s), event{name: statsName(s), fields: r.statsFields(&a.served, s)})
}

// arrive finds the attempt that a server's context belongs to, and takes its
// id out of what the chain sees. It must be called with the lock held.
func (r *recorder) arrive(ctx context.Context, method string) (context.Context, *attempt) {
	if a, ok := ctx.Value(servedKey{}).(*attempt); ok {
		return ctx, a
	}
	md, _ := metadata.FromIncomingContext(ctx)
	var a *attempt
	if ids := md[attemptID]; len(ids) > 0 {
		a = r.attempts[ids[len(ids)-1]]
		delete(md, attemptID)
		ctx = metadata.NewIncomingContext(ctx, md)
	}
	if a == nil {
		a = r.newAttempt(r.newRPC(method, false, false))
	}
	return context.WithValue(ctx, servedKey{}, a), a
}

// follow keeps the course of an attempt.
func (r *recorder) follow(c *course, s stats.RPCStats) {
	switch s := s.(type) {
	case *stats.Begin:
		c.begun, c.begin = true, s.BeginTime
	case *stats.OutTrailer:
		c.answered = true
	case *stats.End:
		c.ended, c.code = true, status.Code(s.Error)
	}
	r.tellChanged()
}

// last is told after the chain's handlers, of what the first was told of.
type last struct{ *recorder }

func (last) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

func (last) HandleConn(context.Context, stats.ConnStats) {}

func (r last) passes(s stats.RPCStats) bool {
	if _, ok := s.(*stats.DelayedPickComplete); ok {
		return true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	passes := r.inOrder[s]
	delete(r.inOrder, s)
	return passes
}

var outOfOrder = event{name: "stats handlers called out of order"}

type lastClient struct{ last }

// TagRPC is where the id is the chain's no more.
func (r lastClient) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context {
	a, ok := ctx.Value(attemptKey{}).(*attempt)
	if !ok {
		return ctx
	}
	return metadata.AppendToOutgoingContext(ctx, attemptID, a.id)
}

func (r lastClient) HandleRPC(ctx context.Context, s stats.RPCStats) {
	if r.passes(s) {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if a, ok := ctx.Value(attemptKey{}).(*attempt); ok {
		r.addClient(a, a.clientLane(s), outOfOrder)
	}
}

type lastServer struct{ last }

func (lastServer) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context { return ctx }

func (r lastServer) HandleRPC(ctx context.Context, s stats.RPCStats) {
	if r.passes(s) {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if a, ok := ctx.Value(servedKey{}).(*attempt); ok {
		a.server.add(a.serverLane(s), outOfOrder)
	}
}

func statsName(s stats.RPCStats) string {
	return "stats " + fmt.Sprintf("%T", s)[len("*stats."):]
}

// statsFields are those of grpc-go's stats package, but for what Compare accepts.
func (r *recorder) statsFields(c *course, s stats.RPCStats) []field {
	fields := []field{{"Client", fmt.Sprint(s.IsClient())}}
	add := func(name string, value any) { fields = append(fields, field{name, fmt.Sprint(value)}) }
	switch s := s.(type) {
	case *stats.Begin:
		add("BeginTime", r.describeTime(s.BeginTime))
		add("FailFast", s.FailFast)
		add("IsClientStream", s.IsClientStream)
		add("IsServerStream", s.IsServerStream)
		add("IsTransparentRetryAttempt", s.IsTransparentRetryAttempt)
	case *stats.InHeader:
		add("Header", describeMetadata(s.Header))
		add("FullMethod", strconv.Quote(s.FullMethod))
		add("RemoteAddr", describeSet(s.RemoteAddr != nil))
		add("LocalAddr", describeSet(s.LocalAddr != nil))
	case *stats.OutHeader:
		add("Header", describeMetadata(s.Header))
		add("FullMethod", strconv.Quote(s.FullMethod))
		// grpc-go has the field since v1.85.0.
		if authority := reflect.ValueOf(s).Elem().FieldByName("Authority"); authority.IsValid() {
			add("Authority", describeSet(authority.String() != ""))
		}
		add("RemoteAddr", describeSet(s.RemoteAddr != nil))
		add("LocalAddr", describeSet(s.LocalAddr != nil))
	case *stats.InPayload:
		add("Payload", describeMessage(s.Payload))
		add("Length", s.Length)
		add("CompressedLength", s.CompressedLength)
		add("RecvTime", r.describeTime(s.RecvTime))
	case *stats.OutPayload:
		add("Payload", describeMessage(s.Payload))
		add("Length", s.Length)
		add("CompressedLength", s.CompressedLength)
		add("SentTime", r.describeTime(s.SentTime))
	case *stats.InTrailer:
		add("Trailer", describeMetadata(s.Trailer))
	case *stats.OutTrailer:
		add("Trailer", describeMetadata(s.Trailer))
	case *stats.End:
		add("BeginTime", describeBeginOfEnd(c.begin, s.BeginTime))
		add("EndTime", r.describeTime(s.EndTime))
		add("Trailer", describeMetadata(s.Trailer))
		add("Error", describeError(s.Error))
	}
	return fields
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
