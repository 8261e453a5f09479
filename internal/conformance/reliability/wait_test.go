package reliability_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// stubborn returns a service whose handlers send their contexts to entered and then wait
// for release, whatever happens to their contexts.
func stubborn(entered chan<- context.Context, release <-chan struct{}) scripted {
	wait := func(ctx context.Context) {
		entered <- ctx
		<-release
	}
	return scripted{
		unary: func(ctx context.Context, req any) (any, error) {
			wait(ctx)
			return req, nil
		},
		stream: func(ss grpc.ServerStream) error {
			wait(ss.Context())
			return serveScriptedStream(scripted{}, ss)
		},
	}
}

func TestShutdownCancelsNothing(t *testing.T) {
	t.Parallel()
	for kind, call := range kindsOfRPC {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				entered, release := make(chan context.Context, 1), make(chan struct{})
				ch := stubborn(entered, release).onChannel()
				answered := make(chan error, 1)
				go func() { answered <- call(t.Context(), ch) }()
				handler := <-entered

				ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
				defer cancel()
				begin := time.Now()
				if err := ch.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("Shutdown returned %v, want DeadlineExceeded", err)
				}
				if waited := time.Since(begin); waited != time.Hour {
					t.Errorf("Shutdown waited %v for the handler, want until its context ends", waited)
				}
				if err := handler.Err(); err != nil {
					t.Errorf("the handler's context ended with %v", err)
				}
				close(release)
				if err := <-answered; err != nil {
					t.Errorf("the RPC ended with %v, want its answer", err)
				}
			})
		})
	}
}

func TestCloseWaitsForHandlerThatIgnoresItsContext(t *testing.T) {
	t.Parallel()
	for kind, call := range kindsOfRPC {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				entered, release := make(chan context.Context, 1), make(chan struct{})
				ch := stubborn(entered, release).onChannel()
				answered, closed := make(chan error, 1), make(chan error, 1)
				go func() { answered <- call(t.Context(), ch) }()
				handler := <-entered

				go func() { closed <- ch.Close() }()
				if err := <-answered; status.Code(err) != codes.Unavailable {
					t.Errorf("the RPC ended with %v, want Unavailable", err)
				}
				synctest.Wait()
				if err := handler.Err(); err != context.Canceled {
					t.Errorf("the handler's context ended with %v, want Canceled", err)
				}
				select {
				case err := <-closed:
					t.Errorf("Close returned %v before the handler", err)
					closed <- err
				default:
				}
				close(release)
				if err := <-closed; err != nil {
					t.Error(err)
				}
			})
		})
	}
}
