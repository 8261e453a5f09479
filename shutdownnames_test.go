package inprocchain_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"google.golang.org/grpc"
)

func TestShutdownNamesTheMethodsInFlight(t *testing.T) {
	t.Parallel()
	g := newGate()
	ch := g.service().onChannel()
	for _, call := range []func(context.Context, grpc.ClientConnInterface, string, ...grpc.CallOption) (string, error){callText, streamText, streamText} {
		go func() { _, _ = call(context.Background(), ch, "") }()
		<-g.entered
	}
	for cause, end := range map[error]func(context.Context) (context.Context, context.CancelFunc){
		context.Canceled: func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			cancel()
			return ctx, cancel
		},
		context.DeadlineExceeded: func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, 0)
		},
	} {
		ctx, cancel := end(t.Context())
		err := ch.Shutdown(ctx)
		cancel()
		if !errors.Is(err, cause) {
			t.Errorf("Shutdown returned %v, which does not wrap %v", err, cause)
		}
		want := "inprocchain: Shutdown: " + cause.Error() + "; in flight: /test.Service/Bidi (2), /test.Service/Unary (1)"
		if err == nil || err.Error() != want {
			t.Errorf("Shutdown returned %v, want %s", err, want)
		}
	}
	close(g.open)
	if err := ch.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}

// An askedContext calls a function when its Done method is called.
type askedContext struct {
	context.Context
	asked func()
}

func (c askedContext) Done() <-chan struct{} {
	c.asked()
	return c.Context.Done()
}

// RPCs may end while Shutdown finds out which are in flight.
func TestShutdownNamesMethodsWhileRPCsEnd(t *testing.T) {
	t.Parallel()
	ending, staying := newGate(), newGate()
	ch := textService{unary: ending.service().unary, stream: staying.service().stream}.onChannel()
	var callers sync.WaitGroup
	callers.Go(func() { _, _ = streamText(context.Background(), ch, "") })
	<-staying.entered
	for range 100 {
		callers.Go(func() { _, _ = callText(context.Background(), ch, "") })
		<-ending.entered
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	err := ch.Shutdown(askedContext{ended, sync.OnceFunc(func() { close(ending.open) })})
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "/test.Service/Bidi (1)") {
		t.Errorf("Shutdown returned %v, which does not name the stream that is in flight", err)
	}
	close(staying.open)
	callers.Wait()
	if err := ch.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}
