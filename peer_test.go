package inprocchain_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/stats"

	"github.com/inprocchain/inprocchain"
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
