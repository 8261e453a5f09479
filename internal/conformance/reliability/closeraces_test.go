package reliability_test

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/testservice"
)

// Close may come at any moment of an RPC, also right after the RPC was accepted. Run it with
// the race detector, which sees more than the outcome.
func TestCloseAtAnyMoment(t *testing.T) {
	for n := range 300 {
		closeUnderLoad(t, n%50, inprocchain.NewChain())
	}
}

// The end of the client's connection is told once.
func TestConnEndIsToldOnce(t *testing.T) {
	t.Parallel()
	for n := range 500 {
		var ends atomic.Int64
		closeUnderLoad(t, n%50, inprocchain.WithClientStatsHandlers(onConnEnd(func() { ends.Add(1) })))
		if ends.Load() != 1 {
			t.Fatalf("%d ConnEnds, want 1", ends.Load())
		}
	}
}

// closeUnderLoad closes a channel, on which callers make RPCs, after some yields. At least
// one RPC comes first.
func closeUnderLoad(t *testing.T, yields int, opt inprocchain.Option) {
	ch := scripted{}.onChannel(opt)
	if err := invokeScripted(t.Context(), ch); err != nil {
		t.Fatal(err)
	}
	var callers sync.WaitGroup
	for range 4 {
		callers.Go(func() {
			for invokeScripted(context.Background(), ch) == nil {
			}
		})
	}
	for range yields {
		runtime.Gosched()
	}
	_ = ch.Close()
	callers.Wait()
}

// Who waits for a connection to begin is told that it was closed.
func TestCloseWhileConnectionBegins(t *testing.T) {
	t.Parallel()
	onClient := func(h stats.Handler) inprocchain.Option { return inprocchain.WithClientStatsHandlers(h) }
	onServer := func(h stats.Handler) inprocchain.Option { return inprocchain.WithServerStatsHandlers(h) }
	for _, test := range []struct {
		name  string
		of    func(stats.Handler) inprocchain.Option
		close func(side, *grpc.ClientConn)
		want  codes.Code
	}{
		{"the ClientConn, in the client's TagConn", onClient, func(_ side, cc *grpc.ClientConn) { cc.Close() }, codes.Canceled},
		{"the ClientConn, in the server's TagConn", onServer, func(_ side, cc *grpc.ClientConn) { cc.Close() }, codes.Canceled},
		{"the server, in its TagConn", onServer, func(s side, _ *grpc.ClientConn) { s.stop() }, codes.Unavailable},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			onBothSides(t, func(t *testing.T, start startSide) {
				entered, release := make(chan struct{}), make(chan struct{})
				var once sync.Once
				s := start(t, scripted{}, test.of(testservice.Stats{OnTagConn: func(ctx context.Context, _ *stats.ConnTagInfo) context.Context {
					once.Do(func() { close(entered) })
					<-release
					return ctx
				}}))
				cc := s.clientConn()
				var err error
				done := inBackground(func() { err = invokeScripted(context.Background(), cc) })
				<-entered
				closed := inBackground(func() { test.close(s, cc) })
				happens(t, "the end of the RPC", done)
				close(release)
				<-done
				<-closed
				if status.Code(err) != test.want {
					t.Errorf("%v, want %v", err, test.want)
				}
			})
		})
	}
}

// A second Shutdown waits for what the first one waits for.
func TestSecondShutdownWaitsForConnEnd(t *testing.T) {
	t.Parallel()
	onBothSides(t, func(t *testing.T, start startSide) {
		entered, release := make(chan struct{}), make(chan struct{})
		var isTold atomic.Bool
		s := start(t, scripted{}, inprocchain.WithServerStatsHandlers(onConnEnd(func() {
			close(entered)
			<-release
			isTold.Store(true)
		})))
		if err := invokeScripted(t.Context(), s.conn); err != nil {
			t.Fatal(err)
		}
		first := inBackground(s.drain)
		<-entered
		second := inBackground(func() {
			s.drain()
			if !isTold.Load() {
				t.Error("the second Shutdown returned before the connection had ended")
			}
		})
		for range 1000 {
			runtime.Gosched()
		}
		close(release)
		<-first
		<-second
	})
}

// A connection ends although somebody has not read a stream to its end.
func TestConnEndDespiteUnreadStream(t *testing.T) {
	t.Parallel()
	onBothSides(t, func(t *testing.T, start startSide) {
		returned, ended := make(chan struct{}), make(chan struct{})
		s := start(t, scripted{stream: func(grpc.ServerStream) error { close(returned); return nil }},
			inprocchain.WithClientStatsHandlers(onConnEnd(func() { close(ended) })))
		openBidi(t.Context(), t, s.clientConn())
		<-returned
		s.drain()
		s.clientConn().Close()
		happens(t, "ConnEnd", ended)
	})
}

type panickingConn struct{ grpc.ClientConnInterface }

func (panickingConn) NewStream(context.Context, *grpc.StreamDesc, string, ...grpc.CallOption) (grpc.ClientStream, error) {
	panic("from a test")
}

// An RPC is over when the other connection has panicked.
func TestShutdownAfterPanicOfRemote(t *testing.T) {
	t.Parallel()
	ch := inprocchain.New(inprocchain.WithRemote(panickingConn{}))
	recovered(func() { _, _ = ch.NewStream(t.Context(), bidi, scriptedBidi) })
	happens(t, "Shutdown", inBackground(func() { _ = ch.Shutdown(context.Background()) }))
}
