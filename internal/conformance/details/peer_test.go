package details_test

import (
	"context"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/stats"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/conformance/connect"
	"github.com/inprocchain/inprocchain/internal/testservice"
)

// foreignAddr is what somebody writes into a peer.
type foreignAddr struct{}

func (foreignAddr) Network() string { return "foreign" }
func (foreignAddr) String() string  { return "foreign" }

// Whoever changes a peer must change it for nobody else: neither on the other side of the RPC
// nor for later RPCs. On a network, all RPCs of a connection have one peer on the server's
// side, so there a change on that side is seen by later RPCs on that side.
func TestPeerMayBeChanged(t *testing.T) {
	t.Parallel()
	for _, place := range []string{
		"handler's context", "handler's stream", "server's TagRPC", "server's event",
		"client's event", "client's credentials", "client's stream", "client's grpc.Peer",
	} {
		t.Run(place, func(t *testing.T) {
			t.Parallel()
			peers := new(peerRecorder)
			chain := inprocchain.NewChain(
				inprocchain.WithServerStatsHandlers(peerStats{peers: peers, side: "server's "}),
				inprocchain.WithClientStatsHandlers(peerStats{peers: peers, side: "client's "}),
			)
			for _, c := range connect.All(t, chain, peers.service().register) {
				peers.callAll(t, c.Conn, place)
				for at, addrs := range peers.take() {
					if isOfClient(at) != isOfClient(place) && slices.Contains(addrs, "foreign") {
						t.Errorf("%s: in the same RPC, %s has the peers %v", c.Name, at, addrs)
					}
				}
				peers.callAll(t, c.Conn, "nowhere")
				for at, addrs := range peers.take() {
					isShared := !c.InProcess && !isOfClient(place) && !isOfClient(at)
					if slices.Contains(addrs, "foreign") && !isShared {
						t.Errorf("%s: in later RPCs, %s has the peers %v", c.Name, at, addrs)
					}
				}
			}
		})
	}
}

func isOfClient(place string) bool { return strings.HasPrefix(place, "client") }

// A peerRecorder records the addresses of peers by the places where they are seen. At one
// place, it then changes the peer.
type peerRecorder struct {
	mu     sync.Mutex
	change string
	seen   map[string][]string
}

func (r *peerRecorder) record(place string, ctx context.Context) {
	if p, ok := peer.FromContext(ctx); ok {
		r.recordPeer(place, p)
	}
}

func (r *peerRecorder) recordPeer(place string, p *peer.Peer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seen[place] = append(r.seen[place], p.Addr.String())
	if place == r.change {
		p.Addr, p.LocalAddr = foreignAddr{}, foreignAddr{}
	}
}

// take returns what has been recorded, and forgets it.
func (r *peerRecorder) take() map[string][]string {
	r.mu.Lock()
	defer r.mu.Unlock()
	taken := r.seen
	r.seen = map[string][]string{}
	return taken
}

func (r *peerRecorder) service() service {
	return service{
		unary: func(ctx context.Context, req any) (any, error) {
			r.record("handler's context", ctx)
			return req, nil
		},
		stream: func(stream grpc.ServerStream) error {
			r.record("handler's stream", stream.Context())
			return nil
		},
	}
}

// callAll makes a unary RPC and a stream. The peer is changed at the given place.
func (r *peerRecorder) callAll(t *testing.T, cc grpc.ClientConnInterface, change string) {
	r.take()
	r.mu.Lock()
	r.change = change
	r.mu.Unlock()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var p peer.Peer
	opts := []grpc.CallOption{grpc.Peer(&p), grpc.PerRPCCredentials(peerCredentials{r})}
	if err := cc.Invoke(ctx, unaryMethod, wrapperspb.String("request"), new(wrapperspb.StringValue), opts...); err != nil {
		t.Error(err)
	}
	r.recordPeer("client's grpc.Peer", &p)
	stream := openBidi(ctx, t, cc, opts...)
	r.record("client's stream", stream.Context())
	if err := stream.RecvMsg(new(wrapperspb.StringValue)); err != io.EOF {
		t.Error(err)
	}
	r.recordPeer("client's grpc.Peer", &p)
}

// peerStats records the peers that a stats handler sees.
type peerStats struct {
	testservice.NoStats
	peers *peerRecorder
	side  string
}

func (s peerStats) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context {
	s.peers.record(s.side+"TagRPC", ctx)
	return ctx
}

func (s peerStats) HandleRPC(ctx context.Context, _ stats.RPCStats) {
	s.peers.record(s.side+"event", ctx)
}

// peerCredentials records the peers that credentials see.
type peerCredentials struct{ peers *peerRecorder }

func (c peerCredentials) GetRequestMetadata(ctx context.Context, _ ...string) (map[string]string, error) {
	c.peers.record("client's credentials", ctx)
	return nil, nil
}

func (c peerCredentials) RequireTransportSecurity() bool { return false }
