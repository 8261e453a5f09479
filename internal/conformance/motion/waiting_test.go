package motion_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/testservice"
)

// A server's stats handler that blocks holds no caller beyond its deadline. What has arrived
// by then is received, as on a network.
func TestCallerDoesNotWaitForServerStatsHandler(t *testing.T) {
	t.Parallel()
	const timeout = time.Second // It takes far less to reach each event.
	for _, event := range serverEvents {
		t.Run(event, func(t *testing.T) {
			t.Parallel()
			released := make(chan struct{})
			release := sync.OnceFunc(func() { close(released) })
			blocking := inprocchain.WithServerStatsHandlers(at(event, func() { <-released }))
			var calls sync.WaitGroup
			for name, chain := range map[string]inprocchain.Chain{
				"without client stats": inprocchain.NewChain(blocking),
				"with client stats":    inprocchain.NewChain(blocking, inprocchain.WithClientStatsHandlers(testservice.NoStats{})),
			} {
				conns := connections(t, chain, service{}.register)
				t.Cleanup(release) // before Shutdown
				for _, k := range kinds {
					calls.Go(func() {
						var results [2]string
						for i, conn := range conns {
							ctx, cancel := context.WithTimeout(t.Context(), timeout)
							defer cancel()
							if !returns(func() { results[i] = describe(k.call(ctx, conn.Conn)) }) {
								t.Errorf("%s, %s, %s: the caller waits beyond its deadline", conn.Name, k.name, name)
								return
							}
						}
						if results[1] != results[0] {
							t.Errorf("%s, %s: %s, want %s as on the network", k.name, name, results[1], results[0])
						}
					})
				}
			}
			calls.Wait()
		})
	}
}

// describe describes the results of kind.call.
func describe(messages int, err error) string {
	return fmt.Sprintf("%d messages and %v", messages, status.Code(err))
}

// The same holds for a caller that cancels. It receives an answer that has arrived before.
func TestCallerThatCancelsDoesNotWaitForServerStatsHandler(t *testing.T) {
	t.Parallel()
	for _, event := range serverEvents {
		t.Run(event, func(t *testing.T) {
			t.Parallel()
			for _, k := range kinds {
				blocked, released := make(chan struct{}), make(chan struct{})
				chain := inprocchain.NewChain(
					inprocchain.WithServerStatsHandlers(at(event, func() {
						blocked <- struct{}{}
						<-released
					})),
					inprocchain.WithClientStatsHandlers(testservice.NoStats{}),
				)
				conns := connections(t, chain, service{}.register)
				t.Cleanup(func() { close(released) }) // before Shutdown
				for _, conn := range conns {
					ctx, cancel := context.WithCancel(t.Context())
					defer cancel()
					var err error
					go func() {
						<-blocked
						time.AfterFunc(100*time.Millisecond, cancel) // An answer arrives before that.
					}()
					if !returns(func() { _, err = k.call(ctx, conn.Conn) }) {
						t.Errorf("%s, %s: the caller waits although it has canceled", conn.Name, k.name)
						return
					}
					answered := event == "OutTrailer" || event == "End"
					if conn.InProcess && answered != (err == nil) {
						t.Errorf("%s, %s: the RPC ended with %v", conn.Name, k.name, err)
					}
				}
			}
		})
	}
}

// A header arrives although the server's stats handler has not returned from OutHeader.
func TestHeaderArrivesWhileServerStatsHandlerBlocks(t *testing.T) {
	t.Parallel()
	released := make(chan struct{})
	chain := inprocchain.NewChain(
		inprocchain.WithServerStatsHandlers(at("OutHeader", func() { <-released })),
		inprocchain.WithClientStatsHandlers(testservice.NoStats{}),
	)
	conns := connections(t, chain, service{}.register)
	t.Cleanup(func() { close(released) }) // before Shutdown
	for _, conn := range conns {
		ctx, cancel := context.WithTimeout(t.Context(), limit)
		defer cancel()
		stream, err := conn.Conn.NewStream(ctx, bidi.desc, bidi.method)
		if err != nil {
			t.Fatal(err)
		}
		if err := stream.SendMsg(new(text)); err != nil {
			t.Fatal(err)
		}
		if !returns(func() {
			if header, err := stream.Header(); err != nil || header == nil {
				t.Errorf("%s: Header returned %v, %v", conn.Name, header, err)
			}
		}) {
			t.Errorf("%s: Header hangs", conn.Name)
		}
	}
}
