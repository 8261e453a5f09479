package inprocchain_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/testservice"
)

// peerAt returns a function for WithPeer.
func peerAt(addr string) func(context.Context) *peer.Peer {
	return func(context.Context) *peer.Peer {
		return &peer.Peer{Addr: address(addr), LocalAddr: address("local:1"), AuthInfo: credentials.TLSInfo{State: tls.ConnectionState{ServerName: addr}}}
	}
}

// peerOf returns what a context says of its peer.
func peerOf(ctx context.Context) string {
	p, ok := peer.FromContext(ctx)
	if !ok {
		return "none"
	}
	authType := "none"
	if p.AuthInfo != nil {
		authType = p.AuthInfo.AuthType()
	}
	return fmt.Sprintf("%v, auth %s", p.Addr, authType)
}

var peerService = textService{
	unary: func(ctx context.Context, _ string) (string, error) { return peerOf(ctx), nil },
	stream: func(ss grpc.ServerStream) error {
		return ss.SendMsg(text(peerOf(ss.Context())))
	},
}

// A peerRecorder is a stats handler that records what its events say of the peer.
type peerRecorder struct {
	silent
	seen record[string]
}

func (r *peerRecorder) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context {
	r.seen.add("tag: " + peerOf(ctx))
	return ctx
}

func (r *peerRecorder) HandleRPC(ctx context.Context, event stats.RPCStats) {
	if header, ok := event.(*stats.InHeader); ok {
		r.seen.add(fmt.Sprintf("header: %s; from %v", peerOf(ctx), header.RemoteAddr))
	}
}

func TestHandlersSeeThePeerOfWithPeer(t *testing.T) {
	t.Parallel()
	const usual, given = "inproc, auth inproc", "client:1, auth tls"
	var interceptors record[string]
	recorder := new(peerRecorder)
	services := inprocchain.NewChain(
		inprocchain.WithUnaryServerInterceptors(func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
			interceptors.add(peerOf(ctx))
			return handler(ctx, req)
		}),
		inprocchain.WithStreamServerInterceptors(func(srv any, ss grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
			interceptors.add(peerOf(ss.Context()))
			return handler(srv, ss)
		}),
		inprocchain.WithServerStatsHandlers(recorder),
	)
	ch := peerService.onChannel(services, inprocchain.WithPeer(peerAt("client:1")))
	other := peerService.onChannel(services)
	nilPeer := inprocchain.WithPeer(func(context.Context) *peer.Peer { return nil })
	for _, test := range []struct {
		name string
		cc   grpc.ClientConnInterface
		want string
	}{
		{"Channel", ch, given},
		{"ClientConn", ch.ClientConn(), given},
		{"InProcess", ch.InProcess(), usual},
		{"NewClient", ch.NewClient(), usual},
		{"NewClient with the Channel's chain", ch.NewClient(ch.Chain()), usual},
		{"NewClient with a peer", other.NewClient(inprocchain.WithPeer(peerAt("client:1"))), given},
		{"Channel without a peer", other, usual},
		{"a nil peer", ch.NewClient(nilPeer), usual},
	} {
		for kind, call := range textCalls {
			interceptorsBefore, eventsBefore := len(interceptors.get()), len(recorder.seen.get())
			var callers peer.Peer
			got, err := call(t.Context(), test.cc, "", grpc.Peer(&callers))
			if got != test.want || err != nil {
				t.Errorf("%s, %s: the handler saw %q, %v, want %q", test.name, kind, got, err, test.want)
			}
			if got := interceptors.get()[interceptorsBefore:]; !slices.Equal(got, []string{test.want}) {
				t.Errorf("%s, %s: the interceptor saw %q, want %q", test.name, kind, got, test.want)
			}
			addr, _, _ := strings.Cut(test.want, ",")
			wantEvents := []string{"tag: " + test.want, "header: " + test.want + "; from " + addr}
			if got := recorder.seen.get()[eventsBefore:]; !slices.Equal(got, wantEvents) {
				t.Errorf("%s, %s: the stats handler saw %q, want %q", test.name, kind, got, wantEvents)
			}
			if got := peerOf(peer.NewContext(t.Context(), &callers)); got != usual && test.name != "InProcess" { // That has inprocgrpc's.
				t.Errorf("%s, %s: the caller's peer is %q, want %q", test.name, kind, got, usual)
			}
		}
	}
}

// The function gets the caller's context, on its caller's goroutine, and may return one peer
// for all RPCs: who changes it in a handler changes it for nobody else.
func TestEveryRPCHasItsOwnCopyOfThePeer(t *testing.T) {
	t.Parallel()
	type key struct{}
	shared := &peer.Peer{Addr: address("client:1")}
	service := textService{unary: func(ctx context.Context, _ string) (string, error) {
		p, _ := peer.FromContext(ctx)
		seen := p.Addr.String()
		p.Addr = address("changed:1")
		return seen, nil
	}}
	var contexts record[any]
	ch := service.onChannel(inprocchain.WithPeer(func(ctx context.Context) *peer.Peer {
		contexts.add(ctx.Value(key{}))
		return shared
	}))
	for range 2 {
		if got, err := callText(context.WithValue(t.Context(), key{}, "the caller's"), ch, ""); got != "client:1" || err != nil {
			t.Errorf("the handler saw %q, %v", got, err)
		}
	}
	if got := shared.Addr.String(); got != "client:1" {
		t.Errorf("a handler has changed the peer that the function returned to %s", got)
	}
	if got := contexts.get(); !slices.Equal(got, []any{"the caller's", "the caller's"}) {
		t.Errorf("the function received contexts with the values %v", got)
	}
}

// Interceptors call String of the peer's Addr, which is never nil on a network.
func TestPeerWithoutAddressHasThatOfTheChannel(t *testing.T) {
	t.Parallel()
	recorder := new(peerRecorder)
	ch := peerService.onChannel(
		inprocchain.WithServerStatsHandlers(recorder),
		inprocchain.WithAddr(address("channel:1")),
		inprocchain.WithPeer(func(context.Context) *peer.Peer { return &peer.Peer{AuthInfo: credentials.TLSInfo{}} }),
	)
	for kind, call := range textCalls {
		if got, err := call(t.Context(), ch, ""); got != "channel:1, auth tls" || err != nil {
			t.Errorf("%s: the handler saw %q, %v", kind, got, err)
		}
	}
	if got, want := recorder.seen.get()[1], "header: channel:1, auth tls; from channel:1"; got != want {
		t.Errorf("the stats handler saw %q, want %q", got, want)
	}
}

func TestPeerIsNotSentToRemoteServices(t *testing.T) {
	t.Parallel()
	asked := func(context.Context) *peer.Peer {
		t.Error("the function was called for an RPC to a remote service")
		return nil
	}
	for name, opt := range map[string]inprocchain.Option{
		"WithRemote":       inprocchain.WithRemote(peerService.onNetwork(t)),
		"WithRemoteTarget": newTextTarget(t, peerService).option(nil),
	} {
		ch := inprocchain.New(opt, inprocchain.WithPeer(asked))
		for kind, call := range textCalls {
			if got, err := call(t.Context(), ch, ""); got != "bufconn, auth none" && got != "bufconn, auth insecure" || err != nil {
				t.Errorf("%s, %s: the handler saw %q, %v", name, kind, got, err)
			}
		}
		if err := ch.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// limitedClients returns clients of the text service with the chain, over a network and
// in-process.
func limitedClients(t *testing.T, chain inprocchain.Chain, opts ...inprocchain.Option) (network, fromChannel grpc.ClientConnInterface, inProcess map[string]grpc.ClientConnInterface) {
	server := grpc.NewServer(chain.ServerOptions()...)
	textService{}.register(server)
	ch := textService{}.onChannel(append(opts, chain)...)
	return testservice.Dial(t, server), testservice.Dial(t, ch.NewServer()), map[string]grpc.ClientConnInterface{
		"Channel": ch, "ClientConn": ch.ClientConn(), "NewClient": ch.NewClient(), "InProcess": ch.InProcess(),
	}
}

func TestServerRefusesLargeRequestsAsOnANetwork(t *testing.T) {
	t.Parallel()
	const limit = 100 // A text has a tag and its length, of one byte each.
	chain := inprocchain.NewChain(inprocchain.WithServerMaxRecvMsgSize(limit))
	for name, opts := range map[string][]inprocchain.Option{
		"copied": nil, "shared": {inprocchain.WithSharedMessages()}, "with a cloner": {inprocchain.WithCloner(new(countingCloner))}, "with stats handlers": {inprocchain.WithServerStatsHandlers(silent{})},
	} {
		network, fromChannel, inProcess := limitedClients(t, chain, opts...)
		inProcess["NewServer"] = fromChannel
		for kind, call := range textCalls {
			for _, size := range []int{0, limit - 2, limit - 1, 10 * limit} {
				text := strings.Repeat("x", size)
				_, want := call(t.Context(), network, text)
				if wantRefused := size > limit-2; wantRefused != (status.Code(want) == codes.ResourceExhausted) {
					t.Fatalf("%s of %d bytes on the network: %v", kind, size, want)
				}
				for client, cc := range inProcess {
					_, got := call(t.Context(), cc, text)
					if status.Code(got) != status.Code(want) || status.Convert(got).Message() != status.Convert(want).Message() {
						t.Errorf("%s, %s of %d bytes on %s: got\n%v, want\n%v", name, kind, size, client, got, want)
					}
				}
			}
		}
	}
}

// The limit is the server's: a response may be larger, and the caller's own limits hold
// beside it.
func TestServerLimitAppliesToRequestsOnly(t *testing.T) {
	t.Parallel()
	large := strings.Repeat("x", 1000)
	service := textService{unary: alwaysReturn(large), stream: func(ss grpc.ServerStream) error { return ss.SendMsg(text(large)) }}
	ch := service.onChannel(inprocchain.WithServerMaxRecvMsgSize(10))
	for name, cc := range map[string]grpc.ClientConnInterface{"Channel": ch, "InProcess": ch.InProcess(), "network": testservice.Dial(t, ch.NewServer())} {
		for kind, call := range textCalls {
			if got, err := call(t.Context(), cc, ""); got != large || err != nil {
				t.Errorf("%s, %s: a response over the limit of requests: %d bytes, %v", name, kind, len(got), err)
			}
			if name == "InProcess" {
				continue // It has no call options of this kind.
			}
			if _, err := call(t.Context(), cc, "", grpc.MaxCallRecvMsgSize(10)); status.Code(err) != codes.ResourceExhausted {
				t.Errorf("%s, %s: a response over the caller's own limit: %v, want ResourceExhausted", name, kind, err)
			}
		}
	}
}

func TestTheLastLimitTakesEffect(t *testing.T) {
	t.Parallel()
	small := inprocchain.NewChain(inprocchain.WithServerMaxRecvMsgSize(0))
	for name, chain := range map[string]inprocchain.Chain{
		"an option":          inprocchain.NewChain(small, inprocchain.WithServerMaxRecvMsgSize(100)),
		"a chain":            inprocchain.NewChain(small, inprocchain.NewChain(inprocchain.WithServerMaxRecvMsgSize(100))),
		"a chain without it": inprocchain.NewChain(inprocchain.WithServerMaxRecvMsgSize(100), inprocchain.NewChain()),
	} {
		network, fromChannel, inProcess := limitedClients(t, chain)
		inProcess["network"], inProcess["NewServer"] = network, fromChannel
		for client, cc := range inProcess {
			if _, err := callText(t.Context(), cc, "hello"); err != nil {
				t.Errorf("%s, %s: %v", name, client, err)
			}
		}
	}
}
