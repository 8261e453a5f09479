package connection_test

import (
	"context"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/stats"

	"github.com/inprocchain/inprocchain"
)

// The contexts of a server's RPCs derive from the one that TagConn returns. Those of a
// client's RPCs derive from their caller's.
func TestContextsDeriveFromTagConnAsOnANetwork(t *testing.T) {
	t.Parallel()
	compare(t, nil, recordTags)
}

func recordTags(t *testing.T, over transport) *journal {
	j := new(journal)
	intercepted := func(ctx context.Context) { j.add("server interceptor", "%s", tagsOf(ctx)) }
	chain := inprocchain.NewChain(
		inprocchain.WithClientStatsHandlers(tagger{j, "client"}),
		inprocchain.WithServerStatsHandlers(tagger{j, "server"}, tagger{j, "second server"}),
		inprocchain.WithUnaryClientInterceptors(func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
			j.add("client interceptor", "%s", tagsOf(ctx))
			return invoker(ctx, method, req, reply, cc, opts...)
		}),
		serverInterceptors(intercepted),
	)
	cc := over.open(t, chain, service{func(ctx context.Context) { j.add("handler", "%s", tagsOf(ctx)) }}.register)
	ctx := context.WithValue(t.Context(), tagKey("caller"), "of the caller")
	if _, err := callUnary(ctx, cc); err != nil {
		t.Fatal(err)
	}
	stream, err := callBidi(ctx, cc)
	if err != nil {
		t.Fatal(err)
	}
	j.add("caller", "context of the stream: %s", tagsOf(stream.Context()))
	return j
}

type tagKey string

// tagsOf returns the values that the caller and stats handlers have added.
func tagsOf(ctx context.Context) string {
	tags := ""
	for _, key := range []tagKey{
		"caller", "client's connection", "client's RPC",
		"server's connection", "server's RPC", "second server's connection", "second server's RPC",
	} {
		if value, ok := ctx.Value(key).(string); ok {
			tags += string(key) + " " + value + "; "
		}
	}
	return tags
}

// A tagger is a stats handler that tags contexts, and records the tags of its contexts.
type tagger struct {
	*journal
	side string
}

func (r tagger) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context {
	r.add(r.side+"'s connection", "TagConn: %s", tagsOf(ctx))
	return context.WithValue(ctx, tagKey(r.side+"'s connection"), "tagged")
}

func (r tagger) HandleConn(ctx context.Context, event stats.ConnStats) {
	r.add(r.side+"'s connection", "%T: %s", event, tagsOf(ctx))
}

func (r tagger) TagRPC(ctx context.Context, info *stats.RPCTagInfo) context.Context {
	r.add(r.side+" of "+info.FullMethodName, "TagRPC: %s", tagsOf(ctx))
	return context.WithValue(ctx, tagKey(r.side+"'s RPC"), info.FullMethodName)
}

func (r tagger) HandleRPC(ctx context.Context, event stats.RPCStats) {
	method, _ := ctx.Value(tagKey(r.side + "'s RPC")).(string)
	switch event.(type) {
	case *stats.DelayedPickComplete:
	case *stats.InHeader, *stats.InTrailer: // At a client, they may come at any time.
		r.add(r.side+" of "+method+", headers", "%T: %s", event, tagsOf(ctx))
	default:
		r.add(r.side+" of "+method, "%T: %s", event, tagsOf(ctx))
	}
}
