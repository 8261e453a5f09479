package telemetry_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/stats"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/conformance/way"
)

// What a stats handler is told through the hooks of a bare channel, and what it
// is told otherwise. The order of a client's InTrailer is nobody's promise.
func TestBareChannelKeepsEventsBack(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name           string
		conn           func(*testing.T, *told, *told, service) grpc.ClientConnInterface
		client, server []string
	}{{
		name:   "bare",
		conn:   toldByBare,
		client: []string{"Begin", "End", "InPayload of 0 bytes", "OutPayload of 0 bytes"},
		server: []string{"Begin", "End"},
	}, {
		name:   "network",
		conn:   toldByNetwork,
		client: []string{"Begin", "End", "InHeader", "InPayload of 58 bytes", "InTrailer", "OutHeader", "OutPayload of 28 bytes"},
		server: []string{"Begin", "End", "InHeader", "InPayload of 28 bytes", "OutHeader", "OutPayload of 58 bytes", "OutTrailer"},
	}, {
		name:   "Channel",
		conn:   toldByChannel,
		client: []string{"Begin", "End", "InHeader", "InPayload of 58 bytes", "InTrailer", "OutHeader", "OutPayload of 28 bytes"},
		server: []string{"Begin", "End", "InHeader", "InPayload of 28 bytes", "OutHeader", "OutPayload of 58 bytes", "OutTrailer"},
	}} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			client, server, service := newTold(), newTold(), newService()
			if err := unary(codes.OK)(t.Context(), service.client(test.conn(t, client, server, service))); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.client, client.all(t)); diff != "" {
				t.Errorf("client (-want +got)\n%s", diff)
			}
			if diff := cmp.Diff(test.server, server.all(t)); diff != "" {
				t.Errorf("server (-want +got)\n%s", diff)
			}
		})
	}
}

func toldByBare(_ *testing.T, client, server *told, service service) grpc.ClientConnInterface {
	ch := (&inprocgrpc.Channel{}).WithClientStatsHandler(client).WithServerStatsHandler(server)
	service.register(ch)
	return ch
}

func toldByNetwork(t *testing.T, client, server *told, service service) grpc.ClientConnInterface {
	return way.Network(t, telling(client, server), service.register)
}

func toldByChannel(t *testing.T, client, server *told, service service) grpc.ClientConnInterface {
	return way.InProcess(t, telling(client, server), service.register)
}

func telling(client, server *told) inprocchain.Chain {
	return inprocchain.NewChain(inprocchain.WithClientStatsHandlers(client), inprocchain.WithServerStatsHandlers(server))
}

// told is a stats handler that notes what it is told of an RPC.
type told struct {
	ends
	mu     sync.Mutex
	events []string
}

func newTold() *told { return &told{ends: make(ends, 1)} }

func (h *told) HandleRPC(ctx context.Context, event stats.RPCStats) {
	text := strings.TrimPrefix(fmt.Sprintf("%T", event), "*stats.")
	switch event := event.(type) {
	case *stats.DelayedPickComplete: // of a network's first RPCs, which wait for the connection
		return
	case *stats.InPayload:
		text += fmt.Sprintf(" of %d bytes", event.Length)
	case *stats.OutPayload:
		text += fmt.Sprintf(" of %d bytes", event.Length)
	}
	h.mu.Lock()
	h.events = append(h.events, text)
	h.mu.Unlock()
	h.ends.HandleRPC(ctx, event)
}

// all returns the events of an RPC that ends, sorted.
func (h *told) all(t *testing.T) []string {
	t.Helper()
	h.await(t)
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Sorted(slices.Values(h.events))
}
