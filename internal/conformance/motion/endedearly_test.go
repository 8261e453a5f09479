package motion_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
)

// early is where a caller's code runs before an RPC has sent anything.
var early = []string{"TagRPC", "Begin", "credentials"}

// runEarly returns a chain and call options with which f runs there on the caller's goroutine.
func runEarly(where string, f func()) (inprocchain.Chain, []grpc.CallOption) {
	if where == "credentials" {
		return inprocchain.Chain{}, []grpc.CallOption{grpc.PerRPCCredentials(credentials(func() error { f(); return nil }))}
	}
	return inprocchain.NewChain(inprocchain.WithClientStatsHandlers(at(where, f))), nil
}

// A client that is closed before an RPC has sent anything sends nothing afterwards.
func TestClientThatIsClosedEarlySendsNothing(t *testing.T) {
	t.Parallel()
	for _, where := range early {
		for _, k := range kinds {
			for _, conn := range []string{"Client", "ClientConn"} {
				t.Run(fmt.Sprintf("%s/%s/%s", where, k.name, conn), func(t *testing.T) {
					t.Parallel()
					var want, got string
					synctest.Test(t, func(t *testing.T) { want = fmt.Sprint(closeEarly(t, "network", where, k)) })
					synctest.Test(t, func(t *testing.T) { got = fmt.Sprint(closeEarly(t, conn, where, k)) })
					if got != want {
						t.Errorf("the RPCs that have begun and been handled on the server, and the error, are\n%s, want those of the network:\n%s", got, want)
					}
				})
			}
		}
	}
}

// closeEarly makes an RPC whose connection is closed there. It returns how many RPCs have begun on
// the server, and have been handled, and the error.
func closeEarly(t *testing.T, conn, where string, k kind) (begunRPCs, handledRPCs int64, err error) {
	var begun, handled atomic.Int64
	closeConn := func() {}
	chain, opts := runEarly(where, func() { closeConn() })
	chain = inprocchain.NewChain(chain, inprocchain.WithServerStatsHandlers(at("Begin", func() { begun.Add(1) })))
	s := handle(func(context.Context) error { handled.Add(1); return nil })
	var cc interface {
		grpc.ClientConnInterface
		io.Closer
	}
	switch conn {
	case "network":
		network := connectTo(t, conn, chain, s).(*grpc.ClientConn)
		network.Connect()
		synctest.Wait() // until it is Ready
		cc = network
	case "Client":
		cc = newChannel(t, chain, s.register).NewClient(chain)
	case "ClientConn":
		cc = newChannel(t, chain, s.register).ClientConn()
	}
	closeConn = func() { _ = cc.Close() }
	_, err = k.call(t.Context(), cc, opts...)
	synctest.Wait()
	return begun.Load(), handled.Load(), err
}

// A unary RPC whose caller cancels it before the request has been sent usually does not reach the
// handler on a network. It never does on a Channel.
func TestUnaryRPCThatIsCanceledEarlyReachesNoHandler(t *testing.T) {
	t.Parallel()
	for _, where := range append([]string{"OutHeader"}, early...) {
		t.Run(where, func(t *testing.T) {
			t.Parallel()
			const calls = 20
			var handled [2]int64
			for i, conn := range []string{"network", "Channel"} {
				synctest.Test(t, func(t *testing.T) { handled[i] = cancelEarly(t, conn, where, calls) })
			}
			if handled[0] == calls || handled[1] != 0 {
				t.Errorf("of %d handlers, %d have run on a network and %d on a Channel, want fewer than all and none", calls, handled[0], handled[1])
			}
		})
	}
}

// A unary RPC whose client is closed after the header has been sent sends no request.
func TestUnaryRPCWhoseClientIsClosedEarlyReachesNoHandler(t *testing.T) {
	t.Parallel()
	for _, conn := range []string{"network", "Client", "ClientConn"} {
		t.Run(conn, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				_, handled, err := closeEarly(t, conn, "OutHeader", unary)
				if status.Code(err) != codes.Canceled || handled != 0 {
					t.Errorf("the caller gets %v, and %d handlers have run; want Canceled and none", err, handled)
				}
			})
		})
	}
}

// cancelEarly makes RPCs that their caller cancels there, and returns how many handlers have run.
func cancelEarly(t *testing.T, conn, where string, calls int) int64 {
	var handled atomic.Int64
	cancel := func() {}
	chain, opts := runEarly(where, func() { cancel() })
	cc := connectTo(t, conn, chain, handle(func(context.Context) error { handled.Add(1); return nil }))
	if _, err := unary.call(t.Context(), cc, opts...); err != nil { // It dials.
		t.Error(err)
	}
	handled.Store(0)
	for range calls {
		ctx, stop := context.WithCancel(t.Context())
		cancel = stop
		if _, err := unary.call(ctx, cc, opts...); status.Code(err) != codes.Canceled {
			t.Errorf("%s: %v, want Canceled", conn, err)
		}
		stop()
		synctest.Wait()
	}
	return handled.Load()
}

// When a handler learns that its request was lost, because the caller has canceled, its context has ended.
func TestHandlerContextHasEndedWhenARequestIsLost(t *testing.T) {
	t.Parallel()
	cancel := func() {}
	lost, early := 0, 0
	handled := make(chan struct{})
	ch := newChannel(t, inprocchain.NewChain(inprocchain.WithClientStatsHandlers(at("OutHeader", func() { cancel() }))), func(r grpc.ServiceRegistrar) {
		r.RegisterService(&grpc.ServiceDesc{ServiceName: "test.Own", Methods: []grpc.MethodDesc{{
			MethodName: "Unary",
			Handler: func(_ any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
				defer func() { handled <- struct{}{} }()
				err := decode(new(text))
				if err != nil {
					lost++
				}
				if err != nil && ctx.Err() == nil {
					early++
				}
				return new(text), err
			},
		}}}, nil)
	})
	const calls = 3000
	for range calls {
		ctx, stop := context.WithCancel(t.Context())
		cancel = stop
		if err := ch.Invoke(ctx, "/test.Own/Unary", new(text), new(text)); status.Code(err) != codes.Canceled {
			t.Errorf("the caller gets %v, want Canceled", err)
		}
		stop()
		await(t, handled, "handler")
	}
	if lost != calls || early != 0 {
		t.Errorf("of %d requests, %d were lost, and %d handlers learned of it before their contexts had ended; want all and none", calls, lost, early)
	}
}

// OnFinish may shut a Channel down, also for an RPC of an unknown method that ends before its request is
// sent.
func TestOnFinishOfAnUnknownMethodMayShutDown(t *testing.T) {
	t.Parallel()
	for _, where := range []string{"Begin", "OutHeader", "OutPayload"} {
		for _, closes := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, closes the client: %t", where, closes), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					ctx, cancel := context.WithCancel(t.Context())
					defer cancel()
					end := func() { cancel() }
					chain := inprocchain.NewChain(inprocchain.WithClientStatsHandlers(at(where, func() {
						end()
						synctest.Wait()
					})))
					ch := newChannel(t, chain, service{}.register)
					client := ch.NewClient(chain)
					if closes {
						end = func() { _ = client.Close() }
					}
					shutDown := errors.New("OnFinish was not called")
					_, _ = unknown.call(ctx, client, grpc.OnFinish(func(error) {
						ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
						defer cancel()
						shutDown = ch.Shutdown(ctx)
					}))
					if shutDown != nil {
						t.Errorf("Shutdown in OnFinish: %v", shutDown)
					}
				})
			})
		}
	}
}
