package motion_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
)

// When RecvMsg tells a handler that its caller has gone, the handler's context has ended.
func TestHandlerContextHasEndedWhenRecvMsgFails(t *testing.T) {
	t.Parallel()
	const attempts = 5000
	started, results := make(chan struct{}), make(chan error, 1)
	s := service{stream: func(ss grpc.ServerStream) error {
		started <- struct{}{}
		err := ss.RecvMsg(new(text))
		results <- ss.Context().Err()
		return err
	}}
	for _, conn := range connections(t, inprocchain.Chain{}, s.register) {
		early := 0
		for range attempts {
			ctx, cancel := context.WithCancel(t.Context())
			if _, err := conn.Conn.NewStream(ctx, bidi.desc, bidi.method); err != nil {
				t.Fatal(err)
			}
			<-started
			cancel()
			if err := <-results; err == nil {
				early++
			}
		}
		if early > 0 {
			t.Errorf("%s: RecvMsg failed before the context had ended in %d of %d RPCs", conn.Name, early, attempts)
		}
	}
}

// A neverDone is a context that has a deadline and never ends.
type neverDone struct{ context.Context }

func (neverDone) Done() <-chan struct{} { return nil }

func (neverDone) Err() error { return nil }

// At the deadline of a context that never ends, the server of a network ends the RPC. A Channel does when
// the handler returns; docs/differences.md has a row.
func TestDeadlineOfAContextThatNeverEnds(t *testing.T) {
	t.Parallel()
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			for conn, want := range map[string]time.Duration{"network": time.Second, "Channel": time.Minute} {
				synctest.Test(t, func(t *testing.T) {
					cc := connectTo(t, conn, inprocchain.Chain{}, handle(func(ctx context.Context) error {
						select {
						case <-ctx.Done():
							return ctx.Err()
						case <-time.After(time.Minute):
							return nil
						}
					}))
					ctx, cancel := context.WithTimeout(t.Context(), time.Second)
					defer cancel()
					start := time.Now()
					_, err := k.call(neverDone{ctx}, cc)
					if got := time.Since(start); status.Code(err) != codes.DeadlineExceeded || got != want {
						t.Errorf("%s: %v after %v, want DeadlineExceeded after %v", conn, err, got, want)
					}
				})
			}
		})
	}
}
