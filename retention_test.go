package inprocchain_test

import (
	"context"
	"runtime"
	"testing"
	"testing/synctest"
	"weak"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
)

type retainedKey struct{}

// A retainable is a value of a context that is large enough to be allocated by itself.
type retainable [1 << 10]byte

// withRetainable returns ctx with a value, and a weak pointer to it.
func withRetainable(ctx context.Context) (context.Context, weak.Pointer[retainable]) {
	value := new(retainable)
	return context.WithValue(ctx, retainedKey{}, value), weak.Make(value)
}

// A tagging stats handler adds a value to the context of each RPC, to which it keeps a weak
// pointer.
type tagging struct {
	silent
	tagged *record[weak.Pointer[retainable]]
}

func (t tagging) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context {
	ctx, tag := withRetainable(ctx)
	t.tagged.add(tag)
	return ctx
}

// A ClientConn may live as long as the process.
func TestClientConnRetainsNoRPCThatHasEnded(t *testing.T) {
	t.Parallel()
	for name, channel := range map[string]func(...inprocchain.Option) *inprocchain.Channel{
		"a service": textService{}.onChannel,
		"the remote": func(opts ...inprocchain.Option) *inprocchain.Channel {
			return inprocchain.New(inprocchain.WithRemote(textService{}.onChannel(opts...)))
		},
	} {
		for kind, call := range textCalls {
			synctest.Test(t, func(t *testing.T) {
				tags := new(record[weak.Pointer[retainable]])
				ch := channel(inprocchain.WithServerStatsHandlers(tagging{tagged: tags}))
				ctx, tag := withRetainable(t.Context())
				tags.add(tag)
				if _, err := call(ctx, ch.ClientConn(), "text"); err != nil {
					t.Fatal(err)
				}
				synctest.Wait() // until the handler's goroutine has ended
				runtime.GC()
				for _, tag := range tags.get() {
					if tag.Value() != nil {
						t.Errorf("%s of %s: a context is retained", kind, name)
					}
				}
				if err := ch.Shutdown(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// A foreignContext is one that package context does not know, so that a context derived from
// it has a goroutine until it ends.
type foreignContext struct {
	context.Context
	done chan struct{}
}

func (c foreignContext) Done() <-chan struct{} { return c.done }

type connTagging struct{ silent }

func (connTagging) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context {
	return foreignContext{ctx, make(chan struct{})}
}

// Otherwise synctest.Test would fail, because a goroutine is left.
func TestRefusedRPCsLeaveNothingBehind(t *testing.T) {
	t.Parallel()
	for name, clientOf := range map[string]func(*inprocchain.Channel) grpc.ClientConnInterface{
		"Channel":   func(ch *inprocchain.Channel) grpc.ClientConnInterface { return ch },
		"InProcess": func(ch *inprocchain.Channel) grpc.ClientConnInterface { return ch.InProcess() },
	} {
		for kind, call := range textCalls {
			t.Run(kind+" on "+name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					ch := textService{}.onChannel(inprocchain.WithServerStatsHandlers(connTagging{}))
					cc := clientOf(ch)
					if _, err := call(t.Context(), cc, "text"); err != nil {
						t.Fatal(err)
					}
					if err := ch.Shutdown(t.Context()); err != nil {
						t.Fatal(err)
					}
					ctx := t.Context()
					if name != "InProcess" { // The streams of inprocgrpc wait for their callers.
						ctx = foreignContext{ctx, make(chan struct{})}
					}
					if _, err := call(ctx, cc, "text"); status.Code(err) != codes.Unavailable {
						t.Errorf("an RPC after Shutdown: %v, want Unavailable", err)
					}
				})
			})
		}
	}
}
