package chaintest

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
)

func TestServeReturnsAChannelWithTheServicesAndOptions(t *testing.T) {
	t.Parallel()
	var intercepted int
	channel := Serve(t, register, unaryServer(func(ctx context.Context, req any, next grpc.UnaryHandler) (any, error) {
		intercepted++
		return next(ctx, req)
	}))
	if err := errors.Join(callUnary("message")(t.Context(), channel), callUnary("message")(t.Context(), channel.ClientConn())); err != nil {
		t.Error(err)
	}
	if intercepted != 2 {
		t.Errorf("the interceptor ran %d times, want 2", intercepted)
	}
}

// The contexts of RPCs in flight end with the test, so that their handlers return.
func TestServeClosesTheChannelWhenTheTestEnds(t *testing.T) {
	t.Parallel()
	handlerEnded := make(chan error, 1)
	var channel *inprocchain.Channel
	t.Run("test", func(t *testing.T) {
		entered := make(chan struct{})
		channel = Serve(t, register, unaryServer(func(ctx context.Context, _ any, _ grpc.UnaryHandler) (any, error) {
			close(entered)
			<-ctx.Done()
			handlerEnded <- ctx.Err()
			return nil, ctx.Err()
		}))
		t.Cleanup(func() {
			if len(handlerEnded) != 0 {
				t.Error("the Channel was closed before a function that the test registered later")
			}
		})
		go func() { _ = callUnary("message")(context.Background(), channel) }()
		<-entered
	})
	if len(handlerEnded) != 1 || !errors.Is(<-handlerEnded, context.Canceled) {
		t.Error("the handler has not been canceled")
	}
	if err := callUnary("message")(t.Context(), channel); status.Code(err) != codes.Unavailable {
		t.Errorf("got %v after the test, want Unavailable", err)
	}
}

func TestServeWorksInABubble(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		channel := Serve(t, register, unaryServer(func(ctx context.Context, _ any, _ grpc.UnaryHandler) (any, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}))
		start := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		for _, cc := range []grpc.ClientConnInterface{channel, channel.ClientConn()} {
			if err := callUnary("message")(ctx, cc); status.Code(err) != codes.DeadlineExceeded {
				t.Errorf("got %v, want DeadlineExceeded", err)
			}
		}
		if got := time.Since(start); got != time.Hour {
			t.Errorf("waited %v, want an hour", got)
		}
		// A stream is left open. Its handler must end before the bubble does.
		if _, err := channel.NewStream(context.Background(), &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, bidiMethod); err != nil {
			t.Error(err)
		}
	})
}

func TestServeReportsMisuse(t *testing.T) {
	t.Parallel()
	failures := failuresOf(t, func(t testing.TB) { Serve(t, nil) })
	mustFailWith(t, failures, "chaintest: Serve: register is nil; register the services that the test calls")
}
