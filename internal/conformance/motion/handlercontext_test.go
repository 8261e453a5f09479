package motion_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
)

// At the deadline of a client, the reset that it sends nearly always reaches the handler before
// the handler's own deadline, which began later. So its context ends with Canceled, and that is
// the code in spans and metrics of the server. If the processors are busy, a
// network has both outcomes.
//
// The test is not parallel, so that it has the processors for itself.
func TestHandlerContextIsCanceledAtClientDeadline(t *testing.T) {
	const attempts = 40
	const want = "the caller gets DeadlineExceeded, the handler context canceled, End Canceled"
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			handled, ended := make(chan error, 1), make(chan string, attempts)
			s := handle(func(ctx context.Context) error {
				<-ctx.Done()
				handled <- ctx.Err()
				return ctx.Err()
			})
			chain := inprocchain.NewChain(inprocchain.WithServerStatsHandlers(statsHandler(func(_ context.Context, event stats.RPCStats) {
				if end, ok := event.(*stats.End); ok {
					select {
					case err := <-handled:
						ended <- fmt.Sprintf("the handler %v, End %v", err, status.Code(end.Error))
					default: // The handler was not called in time.
					}
				}
			})))
			for _, conn := range connections(t, chain, s.register) {
				_, _ = unknown.call(t.Context(), conn.Conn) // makes the connection
				outcomes := map[string]int{}
				for range attempts {
					ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
					_, err := k.call(ctx, conn.Conn)
					cancel()
					select {
					case server := <-ended:
						outcomes[fmt.Sprintf("the caller gets %v, %s", status.Code(err), server)]++
					case <-time.After(time.Second):
					}
				}
				t.Logf("%s: %v", conn.Name, outcomes)
				if conn.InProcess && (len(outcomes) != 1 || outcomes[want] == 0) {
					t.Errorf("%s: %v; want always: %s", conn.Name, outcomes, want)
				}
				if !conn.InProcess && outcomes[want] < attempts/10 {
					t.Errorf("%s: %v; want often: %s", conn.Name, outcomes, want)
				}
			}
		})
	}
}
