package motion_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/stats"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/testservice"
)

// A handler that waits in RecvMsg or SendMsg learns of the end of the context from TagConn.
func TestContextFromTagConnEndsStreamOfWaitingHandler(t *testing.T) {
	t.Parallel()
	waits := map[string]func(grpc.ServerStream) error{
		"RecvMsg": func(ss grpc.ServerStream) error { return ss.RecvMsg(new(text)) },
		"SendMsg": func(ss grpc.ServerStream) error {
			message := wrapperspb.String(strings.Repeat("x", 1<<20))
			for {
				if err := ss.SendMsg(message); err != nil {
					return err
				}
			}
		},
	}
	for name, newContext := range map[string]func(context.Context) (context.Context, context.CancelFunc){
		"deadline": func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, time.Minute)
		},
		"cancel": func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			time.AfterFunc(time.Minute, cancel)
			return ctx, cancel
		},
	} {
		for call, wait := range waits {
			t.Run(name+"/"+call, func(t *testing.T) {
				t.Parallel()
				var got [2]string
				for i, conn := range []string{"network", "Channel"} {
					synctest.Test(t, func(t *testing.T) { got[i] = waitInHandler(t, conn, newContext, wait) })
				}
				if got[1] != got[0] {
					t.Errorf("Channel: %s\nnetwork: %s", got[1], got[0])
				}
			})
		}
	}
}

// waitInHandler makes an RPC whose handler waits, and whose connection has the context that
// newContext returns. It describes what both sides see.
func waitInHandler(t *testing.T, conn string, newContext func(context.Context) (context.Context, context.CancelFunc), wait func(grpc.ServerStream) error) string {
	chain := withConnContext(t, newContext)
	handled := make(chan error, 1)
	cc := connectTo(t, conn, chain, service{stream: func(ss grpc.ServerStream) error {
		err := wait(ss)
		handled <- err
		return err
	}})
	start := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	stream, err := cc.NewStream(ctx, bidi.desc, bidi.method)
	if err != nil {
		t.Fatal(err)
	}
	handlerErr := <-handled
	waited := time.Since(start)
	for err == nil {
		err = stream.RecvMsg(new(text))
	}
	return fmt.Sprintf("after %v, the handler gets %v, and the caller %v", waited, handlerErr, err)
}

// withConnContext returns a chain whose connections have the context that newContext returns.
func withConnContext(t *testing.T, newContext func(context.Context) (context.Context, context.CancelFunc)) inprocchain.Chain {
	return inprocchain.NewChain(inprocchain.WithServerStatsHandlers(testservice.Stats{
		OnTagConn: func(ctx context.Context, _ *stats.ConnTagInfo) context.Context {
			ctx, cancel := newContext(ctx)
			t.Cleanup(cancel)
			return ctx
		},
	}))
}

// A caller that waits in SendMsg does not learn of the end of the context from TagConn.
func TestContextFromTagConnLeavesWaitingCallerAlone(t *testing.T) {
	t.Parallel()
	newContext := func(ctx context.Context) (context.Context, context.CancelFunc) {
		return context.WithTimeout(ctx, time.Minute)
	}
	var got [2]string
	for i, conn := range []string{"network", "Channel"} {
		synctest.Test(t, func(t *testing.T) {
			cc := connectTo(t, conn, withConnContext(t, newContext), service{stream: func(grpc.ServerStream) error {
				time.Sleep(time.Hour)
				return nil
			}})
			start := time.Now()
			stream, err := cc.NewStream(t.Context(), bidi.desc, bidi.method)
			for message := wrapperspb.String(strings.Repeat("x", 1<<20)); err == nil; {
				err = stream.SendMsg(message)
			}
			got[i] = fmt.Sprintf("after %v, the caller gets %v, and then %v", time.Since(start), err, stream.RecvMsg(new(text)))
		})
	}
	if got[1] != got[0] {
		t.Errorf("Channel: %s\nnetwork: %s", got[1], got[0])
	}
}

// When the context from TagConn has ended, each RecvMsg returns its error, unless the caller has canceled
// before.
func TestRecvMsgKeepsTheErrorOfTheConnectionsContext(t *testing.T) {
	t.Parallel()
	newContext := func(ctx context.Context) (context.Context, context.CancelFunc) {
		return context.WithTimeout(ctx, time.Minute)
	}
	for name, cancelAfter := range map[string]time.Duration{"canceled before": time.Second, "not canceled": time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got [2]string
			for i, conn := range []string{"network", "Channel"} {
				synctest.Test(t, func(t *testing.T) {
					handled := make(chan string, 1)
					cc := connectTo(t, conn, withConnContext(t, newContext), service{stream: func(ss grpc.ServerStream) error {
						if cancelAfter < time.Minute {
							time.Sleep(time.Hour)
						}
						first := ss.RecvMsg(new(text))
						handled <- fmt.Sprintf("%v, and then %v", first, ss.RecvMsg(new(text)))
						return first
					}})
					ctx, cancel := context.WithCancel(t.Context())
					defer cancel()
					time.AfterFunc(cancelAfter, cancel)
					stream, err := cc.NewStream(ctx, bidi.desc, bidi.method)
					if err != nil {
						t.Fatal(err)
					}
					err = stream.RecvMsg(new(text))
					got[i] = fmt.Sprintf("the caller gets %v, and the handler %s", err, <-handled)
				})
			}
			if got[1] != got[0] {
				t.Errorf("Channel: %s\nnetwork: %s", got[1], got[0])
			}
		})
	}
}
