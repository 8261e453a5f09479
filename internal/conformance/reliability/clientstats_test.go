package reliability_test

import (
	"context"
	"runtime"
	"testing"
	"time"

	"google.golang.org/grpc/stats"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/testservice"
)

// A client's stats handler holds its own caller, and neither the handler nor the server.

// blockedUntilCanceled returns a handler that waits for the end of its context.
func blockedUntilCanceled(began, ended chan<- struct{}) scripted {
	return scripted{unary: func(ctx context.Context, _ any) (any, error) {
		close(began)
		defer close(ended)
		<-ctx.Done()
		return nil, ctx.Err()
	}}
}

func TestHandlerEndsAtDeadlineWhileClientStatsHandlerWaits(t *testing.T) {
	t.Parallel()
	onBothSides(t, func(t *testing.T, start startSide) {
		began, ended := make(chan struct{}), make(chan struct{})
		s := start(t, blockedUntilCanceled(began, ended), inprocchain.WithClientStatsHandlers(
			testservice.At[*stats.OutPayload](func() { happens(t, "the end of the handler", ended) })))
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		_ = invokeScripted(ctx, s.conn)
	})
}

func TestHandlerEndsWithClientConnWhileClientStatsHandlerWaits(t *testing.T) {
	t.Parallel()
	onBothSides(t, func(t *testing.T, start startSide) {
		began, ended := make(chan struct{}), make(chan struct{})
		s := start(t, blockedUntilCanceled(began, ended), inprocchain.WithClientStatsHandlers(
			testservice.At[*stats.OutPayload](func() { happens(t, "the end of the handler", ended) })))
		cc := s.clientConn()
		closed := inBackground(func() {
			<-began
			cc.Close()
		})
		_ = invokeScripted(context.Background(), cc)
		<-closed
	})
}

func TestHandlersContextEndsWhileClientStatsHandlerWaits(t *testing.T) {
	t.Parallel()
	for name, on := range map[string]func(func()) testservice.Stats{
		"InHeader":  testservice.At[*stats.InHeader],
		"InTrailer": testservice.At[*stats.InTrailer],
		"InPayload": testservice.At[*stats.InPayload],
	} {
		t.Run("context "+name, func(t *testing.T) {
			t.Parallel()
			onBothSides(t, func(t *testing.T, start startSide) {
				contexts := make(chan context.Context, 1)
				s := start(t, scripted{unary: func(ctx context.Context, req any) (any, error) {
					contexts <- ctx
					return req, nil
				}}, inprocchain.WithClientStatsHandlers(on(func() {
					happens(t, "the end of the handler's context", (<-contexts).Done())
				})))
				if err := invokeScripted(t.Context(), s.conn); err != nil {
					t.Error(err)
				}
			})
		})
		t.Run("stop "+name, func(t *testing.T) {
			t.Parallel()
			onBothSides(t, func(t *testing.T, start startSide) {
				var s side
				s = start(t, scripted{}, inprocchain.WithClientStatsHandlers(on(func() {
					happens(t, "the end of the server", inBackground(func() { s.stop() }))
				})))
				_ = invokeScripted(t.Context(), s.conn)
			})
		})
	}
}

// A caller whose goroutine ends in its stats handler leaves no RPC in flight.
func TestGoexitOfClientStatsHandlerEndsRPC(t *testing.T) {
	t.Parallel()
	onBothSides(t, func(t *testing.T, start startSide) {
		contexts := make(chan context.Context, 1)
		s := start(t, scripted{unary: func(ctx context.Context, req any) (any, error) {
			contexts <- ctx
			return req, nil
		}}, inprocchain.WithClientStatsHandlers(testservice.At[*stats.OutPayload](func() {
			ctx := <-contexts
			contexts <- ctx
			for range 100 { // Let the handler respond.
				runtime.Gosched()
			}
			runtime.Goexit()
		})))
		<-inBackground(func() { _ = invokeScripted(context.Background(), s.conn) })
		happens(t, "the end of the handler's context", (<-contexts).Done())
		happens(t, "the end of the server", inBackground(s.stop))
	})
}

// The connection of a client ends although its stats handler has panicked.
func TestConnEndAfterPanicOfClientStatsHandler(t *testing.T) {
	t.Parallel()
	for name, on := range map[string]func(func()) testservice.Stats{
		"OutHeader":  testservice.At[*stats.OutHeader],
		"OutPayload": testservice.At[*stats.OutPayload],
		"InPayload":  testservice.At[*stats.InPayload],
		"End":        testservice.At[*stats.End],
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ended := make(chan struct{})
			client := on(func() { panic("from a test") })
			client.OnConn = onConnEnd(func() { close(ended) }).OnConn
			ch := scripted{}.onChannel(inprocchain.WithClientStatsHandlers(client), inprocchain.WithServerStatsHandlers(testservice.NoStats{}))
			recovered(func() { _ = invokeScripted(context.Background(), ch) })
			happens(t, "Close", inBackground(func() { _ = ch.Close() }))
			happens(t, "ConnEnd", ended)
		})
	}
}
