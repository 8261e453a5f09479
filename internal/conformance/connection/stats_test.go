package connection_test

import (
	"context"
	"errors"
	"io"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/testservice"
)

// Two stats handlers on each side are told the same as on a network, in the same order. They
// may change the metadata of their events, which changes nothing else.
func TestStatsHandlersAreToldAsOnANetwork(t *testing.T) {
	t.Parallel()
	message := wrapperspb.String("message")
	invoke := func(opts ...grpc.CallOption) func(context.Context, grpc.ClientConnInterface) error {
		return func(ctx context.Context, cc grpc.ClientConnInterface) error {
			return cc.Invoke(ctx, unaryMethod, message, new(text), opts...)
		}
	}
	for name, call := range map[string]func(context.Context, grpc.ClientConnInterface) error{
		"unary":                  invoke(),
		"unary, waits for ready": invoke(grpc.WaitForReady(true)),
		"credentials fail":       invoke(grpc.PerRPCCredentials(noToken{})),
		"stream":                 exchangeTwo,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			compare(t, nil, func(t *testing.T, over transport) *journal {
				j := new(journal)
				handle := func(ctx context.Context) {
					incoming, _ := metadata.FromIncomingContext(ctx)
					j.add("handler", "key %v", incoming["key"])
					time.Sleep(time.Second)
					if err := errors.Join(grpc.SetHeader(ctx, metadata.Pairs("key", "header")), grpc.SetTrailer(ctx, metadata.Pairs("key", "trailer"))); err != nil {
						t.Error(err)
					}
				}
				cc := over.open(t, inprocchain.NewChain(
					inprocchain.WithClientStatsHandlers(newTold(j, "client", "first"), newTold(j, "client", "second")),
					inprocchain.WithServerStatsHandlers(newTold(j, "server", "first"), newTold(j, "server", "second")),
				), service{handle}.register)
				own := metadata.Pairs("key", "own")
				ctx := metadata.AppendToOutgoingContext(metadata.NewOutgoingContext(t.Context(), own), "key", "added")
				j.add("caller", "%v", status.Code(call(ctx, cc)))
				again, _ := metadata.FromOutgoingContext(ctx)
				j.add("caller", "own metadata %v, with what was added %v", own["key"], again["key"])
				return j
			})
		})
	}
}

// exchangeTwo makes a stream with two messages in each direction.
func exchangeTwo(ctx context.Context, cc grpc.ClientConnInterface) error {
	stream, err := cc.NewStream(ctx, bidi, bidiMethod)
	if err != nil {
		return err
	}
	for range 2 {
		if err := errors.Join(stream.SendMsg(wrapperspb.String("message")), stream.RecvMsg(new(text))); err != nil {
			return err
		}
	}
	header, err := stream.Header()
	if got := header["key"]; err != nil || len(got) != 1 || got[0] != "header" {
		return errors.Join(errors.New("the header has changed"), err)
	}
	if err := stream.CloseSend(); err != nil {
		return err
	}
	if err := stream.RecvMsg(new(text)); err != io.EOF {
		return errors.Join(errors.New("the stream has not ended"), err)
	}
	return nil
}

// A told is a stats handler that records what it is told, and changes it.
type told struct {
	testservice.NoStats
	journal    *journal
	side, name string

	mu    sync.Mutex // On a network, a header arrives on another goroutine.
	begin time.Time
	seen  map[stats.RPCStats]bool
}

func newTold(j *journal, side, name string) *told {
	return &told{journal: j, side: side, name: name, seen: map[stats.RPCStats]bool{}}
}

func (s *told) TagRPC(ctx context.Context, info *stats.RPCTagInfo) context.Context {
	s.journal.add(s.side, "%s: TagRPC, fail fast %t", s.name, info.FailFast)
	return ctx
}

func (s *told) HandleRPC(ctx context.Context, event stats.RPCStats) {
	if _, isPick := event.(*stats.DelayedPickComplete); isPick {
		return // It is told when a connection is made.
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	_, hasStream := grpc.Method(ctx)
	side := s.side
	if _, isPayload := event.(*stats.InPayload); isPayload {
		side += " receives" // On a network, the trailer may come first.
	}
	s.journal.add(side, "%s: %T, told before %t, with a transport stream %t", s.name, event, s.seen[event], hasStream)
	s.seen[event] = true
	switch event := event.(type) {
	case *stats.Begin:
		s.begin = event.BeginTime
		s.journal.add(s.side, "fail fast %t", event.FailFast)
	case *stats.OutHeader:
		s.change(event.Header)
	case *stats.InHeader:
		s.change(event.Header)
	case *stats.OutTrailer:
		s.change(event.Trailer)
	case *stats.InTrailer:
		s.change(event.Trailer)
	case *stats.End:
		s.journal.add(s.side, "trailer %v, began at its beginning %t, took %v", event.Trailer["key"], event.BeginTime.Equal(s.begin), event.EndTime.Sub(event.BeginTime))
		s.journal.add(s.side, "trailer is nil %t", event.Trailer == nil)
	}
}

// change changes a value of md.
func (s *told) change(md metadata.MD) {
	s.journal.add(s.side, "key %v", md["key"])
	if values := md["key"]; len(values) > 0 {
		values[0] = "changed"
	}
}

// A malformed method is answered in the same way if nobody observes RPCs.
func TestMalformedMethodWithoutStatsHandlersFailsAsOnANetwork(t *testing.T) {
	t.Parallel()
	compare(t, nil, func(t *testing.T, over transport) *journal {
		j := new(journal)
		cc := over.open(t, inprocchain.NewChain(), service{}.register)
		for _, method := range []string{"malformed", "/malformed", ""} {
			j.add("caller", "%v", cc.Invoke(t.Context(), method, wrapperspb.String("message"), new(text)))
		}
		return j
	})
}

// A stats handler that ends its goroutine when it is told the end is not told again.
func TestEndIsToldOnceThoughItsStatsHandlerCallsGoexit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ends := 0
		ch := inprocchain.New(inprocchain.WithServerStatsHandlers(testservice.At[*stats.End](func() {
			ends++
			runtime.Goexit()
		})))
		service{}.register(ch)
		if _, err := callUnary(t.Context(), ch); err != nil {
			t.Error(err)
		}
		shutDown(t, ch)
		if ends != 1 {
			t.Errorf("the end was told %d times, want once", ends)
		}
	})
}
