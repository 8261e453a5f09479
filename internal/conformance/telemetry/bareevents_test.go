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
	"github.com/inprocchain/inprocchain/internal/conformance/connect"
)

// A stats handler on a bare channel receives fewer events than on a network and on a
// Channel. The events are sorted, because the order of InTrailer is unspecified.
func TestBareChannelOmitsStatsEvents(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name           string
		conn           func(*testing.T, *eventLog, *eventLog, service) grpc.ClientConnInterface
		client, server []string
	}{{
		name:   "bare channel",
		conn:   logOfBareChannel,
		client: []string{"Begin", "End", "InPayload of 0 bytes", "OutPayload of 0 bytes"},
		server: []string{"Begin", "End"},
	}, {
		name:   "network",
		conn:   logOfNetwork,
		client: []string{"Begin", "End", "InHeader", "InPayload of 58 bytes", "InTrailer", "OutHeader", "OutPayload of 28 bytes"},
		server: []string{"Begin", "End", "InHeader", "InPayload of 28 bytes", "OutHeader", "OutPayload of 58 bytes", "OutTrailer"},
	}, {
		name:   "Channel",
		conn:   logOfChannel,
		client: []string{"Begin", "End", "InHeader", "InPayload of 58 bytes", "InTrailer", "OutHeader", "OutPayload of 28 bytes"},
		server: []string{"Begin", "End", "InHeader", "InPayload of 28 bytes", "OutHeader", "OutPayload of 58 bytes", "OutTrailer"},
	}} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			client, server, service := newEventLog(), newEventLog(), newService()
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

func logOfBareChannel(_ *testing.T, client, server *eventLog, service service) grpc.ClientConnInterface {
	ch := (&inprocgrpc.Channel{}).WithClientStatsHandler(client).WithServerStatsHandler(server)
	service.register(ch)
	return ch
}

func logOfNetwork(t *testing.T, client, server *eventLog, service service) grpc.ClientConnInterface {
	return connect.Network(t, loggingChain(client, server), service.register)
}

func logOfChannel(t *testing.T, client, server *eventLog, service service) grpc.ClientConnInterface {
	return connect.InProcess(t, loggingChain(client, server), service.register)
}

func loggingChain(client, server *eventLog) inprocchain.Chain {
	return inprocchain.NewChain(inprocchain.WithClientStatsHandlers(client), inprocchain.WithServerStatsHandlers(server))
}

// An eventLog is a stats handler that records the events of an RPC.
type eventLog struct {
	endSignal
	mu     sync.Mutex
	events []string
}

func newEventLog() *eventLog { return &eventLog{endSignal: make(endSignal, 1)} }

func (h *eventLog) HandleRPC(ctx context.Context, event stats.RPCStats) {
	text := strings.TrimPrefix(fmt.Sprintf("%T", event), "*stats.")
	switch event := event.(type) {
	case *stats.DelayedPickComplete: // On a network, the first RPCs wait for the connection.
		return
	case *stats.InPayload:
		text += fmt.Sprintf(" of %d bytes", event.Length)
	case *stats.OutPayload:
		text += fmt.Sprintf(" of %d bytes", event.Length)
	}
	h.mu.Lock()
	h.events = append(h.events, text)
	h.mu.Unlock()
	h.endSignal.HandleRPC(ctx, event)
}

// all waits for the end of the RPC and returns its events, sorted.
func (h *eventLog) all(t *testing.T) []string {
	t.Helper()
	h.await(t)
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Sorted(slices.Values(h.events))
}
