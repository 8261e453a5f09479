package motion_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/stats"

	"github.com/inprocchain/inprocchain"
)

// The contexts of a server's stats events have what they have on a network. Only that of End has
// the transport stream, and so the method.
func TestContextsOfServerEvents(t *testing.T) {
	t.Parallel()
	unserved := []kind{
		unknown,
		{"unknown service", "/unknown.Service/Bidi", bidi.desc},
		{"malformed method", "malformed", nil},
	}
	for handler, s := range map[string]service{
		"a handler that succeeds": {},
		"a handler that fails":    handle(func(context.Context) error { return errHandler }),
	} {
		for _, k := range append(unserved, kinds...) {
			t.Run(k.name+", "+handler, func(t *testing.T) {
				t.Parallel()
				var seen contextJournal
				last := "End"
				if !slices.Contains(kinds, k) {
					last = "OutTrailer"
				}
				ended := make(chan struct{}, 1)
				chain := inprocchain.NewChain(inprocchain.WithServerStatsHandlers(statsHandler(func(ctx context.Context, event stats.RPCStats) {
					seen.add(ctx, event)
					if nameOf(event) == last {
						ended <- struct{}{}
					}
				})))
				var want string
				for _, conn := range connections(t, chain, s.register) {
					_, _ = k.call(t.Context(), conn.Conn)
					await(t, ended, last)
					got := seen.take()
					if !conn.InProcess {
						want = got
					} else if got != want {
						t.Errorf("the events and their contexts are\n%swant those of the network:\n%s", got, want)
					}
				}
			})
		}
	}
}

// A contextJournal describes contexts of events.
type contextJournal struct {
	mu    sync.Mutex
	lines strings.Builder
}

func (j *contextJournal) add(ctx context.Context, event stats.RPCStats) {
	method, ok := grpc.Method(ctx)
	_, hasPeer := peer.FromContext(ctx)
	_, hasMetadata := metadata.FromIncomingContext(ctx)
	line := fmt.Sprintf("%s: method %q %v, stream %v, peer %v, metadata %v, error %v",
		nameOf(event), method, ok, grpc.ServerTransportStreamFromContext(ctx) != nil, hasPeer, hasMetadata, ctx.Err())
	if _, ok := event.(*stats.End); ok {
		line += fmt.Sprintf("; SetHeader: %v, SendHeader: %v, SetTrailer: %v",
			grpc.SetHeader(ctx, lateMD), grpc.SendHeader(ctx, lateMD), grpc.SetTrailer(ctx, lateMD))
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	fmt.Fprintln(&j.lines, line)
}

func (j *contextJournal) take() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	lines := j.lines.String()
	j.lines.Reset()
	return lines
}
