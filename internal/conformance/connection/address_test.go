package connection_test

import (
	"context"
	"maps"
	"net"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/stats"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/conformance/connect"
)

// In-process, every address that a network shows is that of the Channel.
func TestAddressesAreSetAsOnANetwork(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		addr net.Addr // nil for the default
	}{
		{"default", nil},
		{"IPv4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 9000}},
		{"IPv6", &net.TCPAddr{IP: net.IPv6loopback, Port: 9000}},
		{"without a host", &net.TCPAddr{Port: 9000}},
		{"UDP", &net.UDPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 443}},
		{"Unix", &net.UnixAddr{Name: "/run/app.sock", Net: "unix"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			compare(t, test.addr, recordAddresses)
		})
	}
}

// On the handler's side, RPCs on InProcess() have the same addresses.
func TestAddressesOnInProcessAreSetForHandlers(t *testing.T) {
	t.Parallel()
	addr := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 9000}
	network, _ := transportsAt(addr)
	want := handlersSide(recordOver(t, network, recordAddresses))
	got := handlersSide(recordOver(t, transport{"InProcess", func(t *testing.T, chain inprocchain.Chain, register func(grpc.ServiceRegistrar)) grpc.ClientConnInterface {
		return connect.InProcess(t, inprocchain.NewChain(chain, inprocchain.WithAddr(addr)), register).InProcess()
	}}, recordAddresses))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-network +in-process)\n%s", diff)
	}
}

// handlersSide returns the lines of the observers on the handler's side.
func handlersSide(lines map[string][]string) map[string][]string {
	maps.DeleteFunc(lines, func(observer string, _ []string) bool {
		return !strings.HasPrefix(observer, "server") && observer != "handler"
	})
	return lines
}

func recordAddresses(t *testing.T, over transport) *journal {
	j := new(journal)
	seen := func(observer string) func(context.Context) {
		return func(ctx context.Context) {
			p, ok := peer.FromContext(ctx)
			incoming, _ := metadata.FromIncomingContext(ctx)
			j.add(observer, "peer %s; authority %q", peerText(p, ok), incoming[":authority"])
		}
	}
	intercepted := seen("server interceptor")
	chain := inprocchain.NewChain(
		inprocchain.WithUnaryClientInterceptors(func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
			j.add("client interceptor", "target %s", withoutScheme(cc.Target()))
			return invoker(ctx, method, req, reply, cc, opts...)
		}),
		serverInterceptors(intercepted),
		inprocchain.WithClientStatsHandlers(addressRecorder{j, "client"}),
		inprocchain.WithServerStatsHandlers(addressRecorder{j, "server"}),
	)
	cc := over.open(t, chain, service{seen("handler")}.register)
	var from peer.Peer
	if _, err := callUnary(t.Context(), cc, grpc.Peer(&from)); err != nil {
		t.Fatal(err)
	}
	j.add("caller", "unary: peer %s", peerText(&from, true))
	stream, err := callBidi(t.Context(), cc, grpc.Peer(&from))
	if err != nil {
		t.Fatal(err)
	}
	j.add("caller", "stream: peer %s", peerText(&from, true))
	j.add("caller", "context of the stream: peer %s", peerText(peer.FromContext(stream.Context())))
	return j
}

// withoutScheme returns the part of a target after the scheme.
func withoutScheme(target string) string {
	_, endpoint, _ := strings.Cut(target, ":///")
	return endpoint
}

// An addressRecorder is a stats handler that records each address that it sees.
type addressRecorder struct {
	*journal
	side string
}

func (r addressRecorder) TagConn(ctx context.Context, info *stats.ConnTagInfo) context.Context {
	r.add(r.side+"'s connection", "TagConn: remote %s, local %s; peer %s", addrText(info.RemoteAddr), addrText(info.LocalAddr), peerText(peer.FromContext(ctx)))
	return ctx
}

func (r addressRecorder) HandleConn(ctx context.Context, event stats.ConnStats) {
	r.add(r.side+"'s connection", "%T: peer %s", event, peerText(peer.FromContext(ctx)))
}

func (r addressRecorder) TagRPC(ctx context.Context, info *stats.RPCTagInfo) context.Context {
	r.add(r.side+" of "+info.FullMethodName, "TagRPC: peer %s", peerText(peer.FromContext(ctx)))
	return context.WithValue(ctx, r, info.FullMethodName)
}

func (r addressRecorder) HandleRPC(ctx context.Context, event stats.RPCStats) {
	observer := r.side + " of " + ctx.Value(r).(string)
	switch event := event.(type) {
	case *stats.OutHeader:
		r.add(observer, "OutHeader: remote %s, local %s, authority %q; peer %s", addrText(event.RemoteAddr), addrText(event.LocalAddr), event.Authority, peerText(peer.FromContext(ctx)))
	case *stats.InHeader:
		r.add(observer, "InHeader: remote %s, local %s; peer %s", addrText(event.RemoteAddr), addrText(event.LocalAddr), peerText(peer.FromContext(ctx)))
	case *stats.Begin, *stats.End:
		r.add(observer, "%T: peer %s", event, peerText(peer.FromContext(ctx)))
	}
}
