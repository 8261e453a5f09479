package details_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/conformance/connect"
	"github.com/inprocchain/inprocchain/internal/testservice"
)

// Programs print contexts by accident: testify's mocks print every argument. A context prints
// types and keys, and no message and no value of metadata that the application has set.
func TestContextPrintsWithoutContents(t *testing.T) {
	t.Parallel()
	forEachChain(t, func(t *testing.T, chain inprocchain.Chain, contexts *contextRecorder) {
		serve := service{
			unary: func(ctx context.Context, req any) (any, error) {
				contexts.record("a unary handler's context", ctx)
				return req, setSecrets(ctx)
			},
			stream: func(stream grpc.ServerStream) error {
				contexts.record("a stream's context", stream.Context())
				if err := stream.RecvMsg(new(wrapperspb.StringValue)); err != nil {
					return err
				}
				return setSecrets(stream.Context())
			},
		}
		for _, c := range connect.All(t, chain, serve.register) {
			callWithSecrets(t, c.Conn)
			for name, ctx := range contexts.take() {
				for _, verb := range []string{"%v", "%+v", "%s", "%q"} {
					printed := fmt.Sprintf(verb, ctx)
					if strings.Contains(printed, "secret") {
						t.Errorf("%s: %s prints a value of %s: %.500s", c.Name, verb, name, printed)
					}
					if strings.Contains(printed, "0x") {
						t.Errorf("%s: %s prints the fields of %s, want how it was made: %.500s", c.Name, verb, name, printed)
					}
				}
			}
		}
	})
}

// Printing a context reads nothing that may change, so the race detector reports nothing while
// the RPC goes on and ends.
func TestContextPrintsWhileItsRPCGoesOn(t *testing.T) {
	t.Parallel()
	forEachChain(t, func(t *testing.T, chain inprocchain.Chain, contexts *contextRecorder) {
		var printing sync.WaitGroup
		printUntilEnd := func(ctx context.Context) {
			contexts.record("a handler's context", ctx)
			for _, printed := range contexts.take() {
				printing.Go(func() {
					for ended := false; !ended; _ = fmt.Sprintf("%v %+v", printed, printed) {
						ended = ctx.Err() != nil
					}
				})
			}
		}
		serve := service{
			unary: func(ctx context.Context, req any) (any, error) {
				printUntilEnd(ctx)
				return req, setSecrets(ctx)
			},
			stream: func(stream grpc.ServerStream) error {
				printUntilEnd(stream.Context())
				if err := stream.RecvMsg(new(wrapperspb.StringValue)); err != nil {
					return err
				}
				return setSecrets(stream.Context())
			},
		}
		for _, c := range connect.All(t, chain, serve.register) {
			for range 20 {
				callWithSecrets(t, c.Conn)
			}
		}
		waitFor(t, &printing)
	})
}

// forEachChain calls test for a chain without stats handlers, and for one whose stats handler
// records contexts.
func forEachChain(t *testing.T, test func(*testing.T, inprocchain.Chain, *contextRecorder)) {
	t.Run("without stats handlers", func(t *testing.T) {
		t.Parallel()
		test(t, inprocchain.Chain{}, new(contextRecorder))
	})
	t.Run("with stats handlers", func(t *testing.T) {
		t.Parallel()
		contexts := new(contextRecorder)
		test(t, inprocchain.NewChain(inprocchain.WithServerStatsHandlers(contexts)), contexts)
	})
}

// setSecrets sends a header and sets a trailer.
func setSecrets(ctx context.Context) error {
	if err := grpc.SendHeader(ctx, metadata.Pairs("header", "secret-header")); err != nil {
		return err
	}
	return grpc.SetTrailer(ctx, metadata.Pairs("trailer", "secret-trailer"))
}

type callerKey struct{}

// callWithSecrets makes a unary RPC and a stream.
func callWithSecrets(t *testing.T, cc grpc.ClientConnInterface) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	ctx = context.WithValue(ctx, callerKey{}, "secret-value")
	ctx = metadata.AppendToOutgoingContext(ctx, "key", "secret-metadata", "authorization", "secret-token")
	if err := cc.Invoke(ctx, unaryMethod, wrapperspb.String("secret-message"), new(wrapperspb.StringValue)); err != nil {
		t.Error(err)
	}
	stream := openBidi(ctx, t, cc)
	if err := stream.SendMsg(wrapperspb.String("secret-message")); err != nil {
		t.Error(err)
	}
	for stream.RecvMsg(new(wrapperspb.StringValue)) == nil {
	}
}

// A contextRecorder records the contexts of the handler's side. As a stats handler, it records
// those of the events before the handler runs.
type contextRecorder struct {
	testservice.NoStats
	mu       sync.Mutex
	contexts map[string]context.Context
}

// record records a context, and some that are derived from it.
func (r *contextRecorder) record(name string, ctx context.Context) {
	canceled, cancel := context.WithCancel(ctx)
	context.AfterFunc(ctx, cancel)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.contexts == nil {
		r.contexts = map[string]context.Context{}
	}
	r.contexts[name] = ctx
	r.contexts[name+" with a value"] = context.WithValue(ctx, callerKey{}, 1)
	r.contexts[name+" with a cancel"] = canceled
	r.contexts[name+" without cancel"] = context.WithoutCancel(ctx)
}

// take returns what has been recorded, and forgets it.
func (r *contextRecorder) take() map[string]context.Context {
	r.mu.Lock()
	defer r.mu.Unlock()
	taken := r.contexts
	r.contexts = nil
	return taken
}

func (r *contextRecorder) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context {
	r.record("the context of TagRPC", ctx)
	return context.WithValue(ctx, callerKey{}, "tagged")
}

func (r *contextRecorder) HandleRPC(ctx context.Context, event stats.RPCStats) {
	if _, ok := event.(*stats.Begin); ok {
		r.record("the context of an event", ctx)
	}
}
