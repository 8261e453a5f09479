package reliability_test

import (
	"context"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/stats"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/testservice"
)

// A side is a service with a chain, on a network or in-process.
type side struct {
	conn       grpc.ClientConnInterface
	clientConn func() *grpc.ClientConn
	stop       func() // cancels RPCs
	drain      func() // waits for RPCs
}

// A startSide serves s with the chain of the options until the test ends.
type startSide func(t *testing.T, s scripted, opts ...inprocchain.Option) side

// onBothSides runs a test on a network and in-process.
func onBothSides(t *testing.T, test func(t *testing.T, start startSide)) {
	t.Run("network", func(t *testing.T) {
		test(t, func(t *testing.T, s scripted, opts ...inprocchain.Option) side {
			chain := inprocchain.NewChain(opts...)
			server := grpc.NewServer(chain.ServerOptions()...)
			s.register(server)
			cc := testservice.Dial(t, server, chain.DialOptions()...)
			return side{cc, func() *grpc.ClientConn { return cc }, server.Stop, server.GracefulStop}
		})
	})
	t.Run("inProcess", func(t *testing.T) {
		test(t, func(t *testing.T, s scripted, opts ...inprocchain.Option) side {
			ch := s.onChannel(opts...)
			return side{ch, ch.ClientConn, func() { _ = ch.Close() }, func() { _ = ch.Shutdown(context.Background()) }}
		})
	})
}

// inBackground calls f, and returns a channel that is closed when f has returned or has ended
// its goroutine.
func inBackground(f func()) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	return done
}

// patience is how long a test waits for what happens at once if it happens at all.
const patience = 2 * time.Second

// happens fails the test if done is not closed.
func happens(t *testing.T, what string, done <-chan struct{}) {
	t.Helper()
	select {
	case <-done:
	case <-time.After(patience):
		t.Errorf("%s: not within %v", what, patience)
	}
}

func invokeScripted(ctx context.Context, cc grpc.ClientConnInterface) error {
	return cc.Invoke(ctx, scriptedUnary, wrapperspb.Bytes([]byte("x")), new(wrapperspb.BytesValue))
}

// recovered calls f, and ends a panic of it.
func recovered(f func()) {
	defer func() { _ = recover() }()
	f()
}

// onConnEnd returns a stats handler that calls f when its connection ends.
func onConnEnd(f func()) testservice.Stats {
	return testservice.Stats{OnConn: func(_ context.Context, event stats.ConnStats) {
		if _, ok := event.(*stats.ConnEnd); ok {
			f()
		}
	}}
}
