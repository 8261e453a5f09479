package details_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/stats"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/conformance/connect"
	"github.com/inprocchain/inprocchain/internal/testservice"
)

// A stats handler may keep its events. If Invoke calls a method that responds twice, the event of
// one response must not change when the other one arrives.
func TestKeptEventsDoNotChange(t *testing.T) {
	t.Parallel()
	kept := new(keptEvents)
	serve := service{stream: func(stream grpc.ServerStream) error {
		if err := stream.RecvMsg(new(wrapperspb.StringValue)); err != nil {
			return err
		}
		for _, text := range []string{"first", "the second"} {
			if err := stream.SendMsg(wrapperspb.String(text)); err != nil {
				return err
			}
		}
		return nil
	}}
	chain := inprocchain.NewChain(inprocchain.WithClientStatsHandlers(kept), inprocchain.WithServerStatsHandlers(kept))
	for _, method := range []string{bidiMethod, clientStreamMethod, serverStreamMethod} {
		for _, c := range connect.All(t, chain, serve.register) {
			kept.forget()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			_ = c.Conn.Invoke(ctx, method, wrapperspb.String("request"), new(wrapperspb.StringValue)) // It has a second response, which is an error.
			cancel()
			if count, changed := kept.changed(); count < 4 || changed != "" {
				t.Errorf("%s, %s: of %d events that were kept, these have changed:%s", c.Name, method, count, changed)
			}
		}
	}
}

// keptEvents is a stats handler that keeps its events, and what they were.
type keptEvents struct {
	testservice.NoStats
	mu     sync.Mutex
	events []stats.RPCStats
	were   []string
}

func (k *keptEvents) HandleRPC(_ context.Context, event stats.RPCStats) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.events = append(k.events, event)
	k.were = append(k.were, printEvent(event))
}

// printEvent leaves out the message, into which the caller may receive again.
func printEvent(event stats.RPCStats) string {
	switch event := event.(type) {
	case *stats.InPayload:
		return fmt.Sprintf("InPayload of %d bytes at %v", event.Length, event.RecvTime)
	case *stats.OutPayload:
		return fmt.Sprintf("OutPayload of %d bytes at %v", event.Length, event.SentTime)
	}
	return fmt.Sprintf("%T %+v", event, event)
}

// changed returns the number of events and those that are not as they were.
func (k *keptEvents) changed() (count int, changed string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for i, event := range k.events {
		if is := printEvent(event); is != k.were[i] {
			changed += fmt.Sprintf("\n%s\nwas %s", is, k.were[i])
		}
	}
	return len(k.events), changed
}

func (k *keptEvents) forget() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.events, k.were = nil, nil
}
