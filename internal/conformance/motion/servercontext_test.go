package motion_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/testservice"
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

// After the RPC has ended, what a handler sends fails with the error of the context from the server's
// TagRPC, which may have ended for another reason than the RPC.
func TestErrorsAfterTheEndComeFromTheTaggedContext(t *testing.T) {
	t.Parallel()
	for name, tag := range map[string]func(context.Context) (context.Context, context.CancelFunc){
		"that ends with the RPC": context.WithCancel,
		"with a deadline": func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, time.Second)
		},
		"with a later deadline": func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, 2*time.Second)
		},
		"that does not end": func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithCancel(context.WithoutCancel(ctx))
		},
		"with an unusual error": func(ctx context.Context) (context.Context, context.CancelFunc) { return unusualContext{ctx}, func() {} },
	} {
		for _, k := range []kind{unary, bidi} {
			t.Run(k.name+", context "+name, func(t *testing.T) {
				t.Parallel()
				want := sentAfterTheEnd(t, "network", k, tag)
				if got := sentAfterTheEnd(t, "Channel", k, tag); got != want {
					t.Errorf("the errors are\n%swant those of the network:\n%s", got, want)
				}
			})
		}
	}
}

// An unusualContext ends when its parent does, with another error.
type unusualContext struct{ context.Context }

func (c unusualContext) Err() error {
	if c.Context.Err() == nil {
		return nil
	}
	return errors.New("unusual")
}

// sentAfterTheEnd makes an RPC that its caller cancels, and returns the errors of what its handler
// sends afterwards, and of the server's End.
func sentAfterTheEnd(t *testing.T, conn string, k kind, tag func(context.Context) (context.Context, context.CancelFunc)) string {
	var errs strings.Builder
	synctest.Test(t, func(t *testing.T) {
		chain := inprocchain.NewChain(inprocchain.WithServerStatsHandlers(testservice.Stats{
			OnTagRPC: func(ctx context.Context, _ *stats.RPCTagInfo) context.Context {
				ctx, cancel := tag(ctx)
				t.Cleanup(cancel)
				return ctx
			},
			OnRPC: func(_ context.Context, event stats.RPCStats) {
				if end, ok := event.(*stats.End); ok {
					fmt.Fprintln(&errs, "End:", end.Error)
				}
			},
		}))
		cc := connectTo(t, conn, chain, service{
			unary: func(ctx context.Context) error {
				time.Sleep(3 * time.Second)
				fmt.Fprintln(&errs, "SendHeader:", grpc.SendHeader(ctx, lateMD))
				return nil
			},
			stream: func(ss grpc.ServerStream) error {
				if err := ss.SendMsg(new(text)); err != nil { // with the header
					t.Errorf("%s: SendMsg returns %v", conn, err)
				}
				time.Sleep(3 * time.Second)
				fmt.Fprintln(&errs, "SendMsg:", ss.SendMsg(new(text)))
				return nil
			},
		})
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(1500*time.Millisecond, cancel)
		if _, err := k.call(ctx, cc); status.Code(err) != codes.Canceled {
			t.Errorf("%s: the RPC ends with %v", conn, err)
		}
		time.Sleep(3 * time.Second)
	})
	return errs.String()
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
