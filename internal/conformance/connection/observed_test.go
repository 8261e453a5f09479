package connection_test

import (
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/conformance/connect"
	"github.com/inprocchain/inprocchain/internal/testservice"
)

// An observer is a stats handler made of functions, which may be nil.
type observer struct {
	tagConn func(context.Context) context.Context
	tagRPC  func(context.Context)
	event   func(stats.RPCStats)
}

func (o observer) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context {
	if o.tagConn == nil {
		return ctx
	}
	return o.tagConn(ctx)
}

func (observer) HandleConn(context.Context, stats.ConnStats) {}

func (o observer) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context {
	if o.tagRPC != nil {
		o.tagRPC(ctx)
	}
	return ctx
}

func (o observer) HandleRPC(_ context.Context, event stats.RPCStats) {
	if o.event != nil {
		o.event(event)
	}
}

// calls has a function for each kind of RPC.
var calls = map[string]func(context.Context, grpc.ClientConnInterface, ...grpc.CallOption) error{
	"unary": func(ctx context.Context, cc grpc.ClientConnInterface, opts ...grpc.CallOption) error {
		return cc.Invoke(ctx, unaryMethod, wrapperspb.String("message"), new(text), opts...)
	},
	"stream": func(ctx context.Context, cc grpc.ClientConnInterface, opts ...grpc.CallOption) error {
		_, err := callBidi(ctx, cc, opts...)
		return err
	},
}

// Stats handlers do not see RPCs on a connection that the caller has closed.
func TestStatsHandlersSeeNoRPCOnAClosedClientConn(t *testing.T) {
	t.Parallel()
	for kind, call := range calls {
		seen := 0
		chain := inprocchain.NewChain(inprocchain.WithClientStatsHandlers(observer{tagRPC: func(context.Context) { seen++ }}))
		network, inProcess := connect.Network(t, chain, service{}.register), connect.InProcess(t, chain, service{}.register).ClientConn()
		for name, cc := range map[string]*grpc.ClientConn{"network": network, "ClientConn": inProcess} {
			if err := cc.Close(); err != nil {
				t.Fatal(err)
			}
			if err := call(t.Context(), cc); status.Code(err) != codes.Canceled {
				t.Errorf("%s, %s: %v, want Canceled", name, kind, err)
			}
			if seen > 0 {
				t.Errorf("%s, %s: a stats handler has seen an RPC", name, kind)
			}
		}
	}
}

// What call options point to is set after stats handlers have seen the end.
func TestCallOptionsAreSetAfterTheEndIsTold(t *testing.T) {
	t.Parallel()
	compare(t, nil, func(t *testing.T, over transport) *journal {
		j := new(journal)
		var header, trailer metadata.MD
		var from peer.Peer
		handle := func(ctx context.Context) {
			if err := errors.Join(grpc.SetHeader(ctx, metadata.Pairs("key", "1")), grpc.SetTrailer(ctx, metadata.Pairs("key", "2"))); err != nil {
				t.Error(err)
			}
		}
		atEnd := func(event stats.RPCStats) {
			if _, isEnd := event.(*stats.End); isEnd {
				j.add("at the end", "header %t, trailer %t, peer %t", header != nil, trailer != nil, from.Addr != nil)
			}
		}
		cc := over.open(t, inprocchain.NewChain(inprocchain.WithClientStatsHandlers(observer{event: atEnd})), service{handle}.register)
		for _, kind := range []string{"unary", "stream"} {
			header, trailer, from = nil, nil, peer.Peer{}
			if err := calls[kind](t.Context(), cc, grpc.Header(&header), grpc.Trailer(&trailer), grpc.Peer(&from)); err != nil {
				t.Fatal(err)
			}
			j.add("afterwards", "header %v, trailer %v, peer %t", header["key"], trailer["key"], from.Addr != nil)
		}
		return j
	})
}

// The context of a stream, from which that of TagRPC is derived, ends last.
func TestOnFinishTheEndAndTheContextOfAStreamHaveTheirOrder(t *testing.T) {
	t.Parallel()
	compare(t, nil, func(t *testing.T, over transport) *journal {
		j := new(journal)
		var tagged context.Context
		cc := over.open(t, inprocchain.NewChain(inprocchain.WithClientStatsHandlers(observer{
			tagRPC: func(ctx context.Context) { tagged = ctx },
			event: func(event stats.RPCStats) {
				if _, isEnd := event.(*stats.End); isEnd {
					j.add("client", "End, the context has ended: %t", tagged.Err() != nil)
				}
			},
		})), service{}.register)
		onFinish := grpc.OnFinish(func(err error) {
			j.add("client", "OnFinish with %v, the context has ended: %t", status.Code(err), tagged.Err() != nil)
		})
		if err := calls["stream"](t.Context(), cc, onFinish); err != nil {
			t.Fatal(err)
		}
		j.add("client", "afterwards, the context has ended: %t", tagged.Err() != nil)
		return j
	})
}

// A stats handler may say who is at the other end of a connection.
func TestPeerFromTagConnIsThatOfHandlers(t *testing.T) {
	t.Parallel()
	compare(t, nil, func(t *testing.T, over transport) *journal {
		j := new(journal)
		tag := func(ctx context.Context) context.Context {
			return peer.NewContext(ctx, &peer.Peer{Addr: &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 1}})
		}
		handle := func(ctx context.Context) { j.add("handler", "%s", peerText(peer.FromContext(ctx))) }
		cc := over.open(t, inprocchain.NewChain(inprocchain.WithServerStatsHandlers(observer{tagConn: tag})), service{handle}.register)
		for _, kind := range []string{"unary", "stream"} {
			if err := calls[kind](t.Context(), cc); err != nil {
				t.Fatal(err)
			}
		}
		return j
	})
}

// A response is followed by the status, which is lost with a trailer that cannot be read.
func TestUnreadableTrailerAfterAResponse(t *testing.T) {
	t.Parallel()
	compare(t, nil, func(t *testing.T, over transport) *journal {
		j := new(journal)
		handle := func(ctx context.Context) {
			if err := grpc.SetTrailer(ctx, metadata.Pairs("key", "a\nb")); err != nil {
				t.Error(err)
			}
		}
		cc := over.open(t, inprocchain.Chain{}, service{handle}.register)
		for _, kind := range []string{"unary", "stream"} {
			j.add(kind, "%v", calls[kind](t.Context(), cc))
		}
		return j
	})
}

// countedCredentials counts how often they are asked.
type countedCredentials struct{ asked *int }

func (c countedCredentials) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	*c.asked++
	return nil, nil
}

func (countedCredentials) RequireTransportSecurity() bool { return false }

// Without a connection, credentials are not asked, nor do connections begin.
func TestStoppedServerLeavesClientsAlone(t *testing.T) {
	t.Parallel()
	for kind, call := range calls {
		asked, begun := 0, 0
		count := inprocchain.WithClientStatsHandlers(observer{tagConn: func(ctx context.Context) context.Context { begun++; return ctx }})
		server := grpc.NewServer()
		network := testservice.Dial(t, server, inprocchain.NewChain(count).DialOptions()...)
		server.Stop()
		ch := inprocchain.New()
		if err := ch.Shutdown(t.Context()); err != nil {
			t.Fatal(err)
		}
		for name, cc := range map[string]grpc.ClientConnInterface{"network": network, "client": ch.NewClient(count)} {
			err := call(t.Context(), cc, grpc.PerRPCCredentials(countedCredentials{&asked}))
			if status.Code(err) != codes.Unavailable {
				t.Errorf("%s, %s: %v, want Unavailable", name, kind, err)
			}
			if asked > 0 || begun > 0 {
				t.Errorf("%s, %s: credentials were asked %d times, and %d connections have begun", name, kind, asked, begun)
			}
		}
	}
}

// A caller may look at what the server's stats handlers have recorded without waiting for it.
func TestCallersReturnAfterTheServersEnd(t *testing.T) {
	t.Parallel()
	for kind, call := range calls {
		for name, more := range map[string]inprocchain.Chain{
			"without client stats": {},
			"with client stats":    inprocchain.NewChain(inprocchain.WithClientStatsHandlers(observer{})),
		} {
			synctest.Test(t, func(t *testing.T) {
				hasEnded := false
				ch := connect.InProcess(t, inprocchain.NewChain(more, inprocchain.WithServerStatsHandlers(observer{event: func(event stats.RPCStats) {
					if _, isEnd := event.(*stats.End); isEnd {
						time.Sleep(time.Second) // in a bubble: until all other goroutines are blocked
						hasEnded = true
					}
				}})), service{}.register)
				if err := call(t.Context(), ch); err != nil || !hasEnded {
					t.Errorf("%s, %s: the caller returned %v before the server's End", kind, name, err)
				}
			})
		}
	}
}
