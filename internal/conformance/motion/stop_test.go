package motion_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/testservice"
)

// Code of the client's side may stop the server wherever a network allows it: where GracefulStop
// returns, so does Shutdown, and where Stop returns that waits for handlers, so does Close.
func TestClientMayStopServer(t *testing.T) {
	t.Parallel()
	answerAtOnce := service{stream: func(ss grpc.ServerStream) error { return ss.SendMsg(new(text)) }}
	for name, test := range map[string]stopTest{
		"TagRPC":     {chain: stopsAt("TagRPC"), gracefully: always},
		"Begin":      {chain: stopsAt("Begin"), gracefully: always},
		"OutHeader":  {chain: stopsAt("OutHeader"), service: answerAtOnce, gracefully: kind.isStream},
		"OutPayload": {chain: stopsAt("OutPayload"), gracefully: always},
		"InHeader":   {chain: stopsAt("InHeader")},  // On a network, the connection waits for the stats handler.
		"InTrailer":  {chain: stopsAt("InTrailer")}, // The same.
		"InPayload":  {chain: stopsAt("InPayload"), gracefully: always},
		"End":        {chain: stopsAt("End"), gracefully: always},
		"credentials": {options: func(stop func()) []grpc.CallOption {
			return []grpc.CallOption{grpc.PerRPCCredentials(credentials(func() error { stop(); return nil }))}
		}, gracefully: always},
		"OnFinish": {options: func(stop func()) []grpc.CallOption {
			return []grpc.CallOption{grpc.OnFinish(func(error) { stop() })}
		}, gracefully: always},
		"OnFinish of failing credentials": {options: func(stop func()) []grpc.CallOption {
			return []grpc.CallOption{
				grpc.OnFinish(func(error) { stop() }),
				grpc.PerRPCCredentials(credentials(func() error { return errHandler })),
			}
		}, gracefully: always},
		"OnFinish of a request that cannot be sent": {options: func(stop func()) []grpc.CallOption {
			return []grpc.CallOption{grpc.OnFinish(func(error) { stop() }), grpc.MaxCallSendMsgSize(1)}
		}, more: []kind{unknown}, gracefully: always},
		"interceptor": {chain: func(stop func()) inprocchain.Option {
			return clientInterceptors(func(call func() error) error { stop(); return call() })
		}, gracefully: always},
		"interceptor, after the call": {chain: func(stop func()) inprocchain.Option {
			return clientInterceptors(func(call func() error) error { defer stop(); return call() })
		}, service: answerAtOnce, gracefully: always},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var calls sync.WaitGroup
			for _, k := range slices.Concat(kinds, test.more) {
				for _, conn := range []string{"network", "Channel"} {
					calls.Go(func() { test.run(t, conn, k, false) })
					if test.gracefully != nil && test.gracefully(k) {
						calls.Go(func() { test.run(t, conn, k, true) })
					}
				}
			}
			calls.Wait()
		})
	}
}

// A stopTest makes RPCs during which stop is called.
type stopTest struct {
	chain      func(stop func()) inprocchain.Option // may be nil
	options    func(stop func()) []grpc.CallOption  // may be nil
	service    service
	more       []kind          // of RPCs, besides kinds
	gracefully func(kind) bool // whether GracefulStop returns; nil for never
}

func always(kind) bool { return true }

func (k kind) isStream() bool { return k.desc != nil }

// stopsAt returns a client's stats handler that calls stop at the event.
func stopsAt(event string) func(func()) inprocchain.Option {
	return func(stop func()) inprocchain.Option { return inprocchain.WithClientStatsHandlers(at(event, stop)) }
}

func (test stopTest) run(t *testing.T, conn string, k kind, gracefully bool) {
	var cc grpc.ClientConnInterface
	var stopServer func()
	stopped := make(chan bool, 1)
	stop := sync.OnceFunc(func() { stopped <- returns(stopServer) })
	var chain inprocchain.Chain
	if test.chain != nil {
		chain = inprocchain.NewChain(test.chain(stop))
	}
	var opts []grpc.CallOption
	if test.options != nil {
		opts = test.options(stop)
	}
	cc, stopServer = stoppable(t, conn, chain, test.service, gracefully)
	called := make(chan struct{})
	go func() {
		defer close(called)
		_, _ = k.call(t.Context(), cc, opts...)
	}()
	select {
	case ok := <-stopped:
		if !ok {
			t.Errorf("%s, %s: stopping the server (gracefully: %v) hangs", conn, k.name, gracefully)
			return
		}
	case <-time.After(2 * limit):
		t.Errorf("%s, %s: the server is not stopped", conn, k.name)
	}
	select {
	case <-called:
	case <-time.After(limit):
		t.Errorf("%s, %s: after the server has been stopped (gracefully: %v), the RPC hangs", conn, k.name, gracefully)
	}
}

// stoppable returns a connection to the service, and what stops its server.
func stoppable(t *testing.T, conn string, chain inprocchain.Chain, s service, gracefully bool) (cc grpc.ClientConnInterface, stop func()) {
	if conn == "network" {
		server := grpc.NewServer(append(chain.ServerOptions(), grpc.WaitForHandlers(true))...)
		s.register(server)
		stop := server.Stop
		if gracefully {
			stop = server.GracefulStop
		}
		return testservice.Dial(t, server, chain.DialOptions()...), stop
	}
	ch := newChannel(t, chain, s.register)
	if gracefully {
		return ch, func() { _ = ch.Shutdown(context.Background()) }
	}
	return ch, func() { _ = ch.Close() }
}

func clientInterceptors(around func(call func() error) error) inprocchain.Chain {
	return inprocchain.NewChain(
		inprocchain.WithUnaryClientInterceptors(func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
			return around(func() error { return invoker(ctx, method, req, reply, cc, opts...) })
		}),
		inprocchain.WithStreamClientInterceptors(func(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption) (stream grpc.ClientStream, err error) {
			err = around(func() error { stream, err = streamer(ctx, desc, cc, method, opts...); return err })
			return stream, err
		}),
	)
}

// A cancel that comes before Stop or Close decides how the RPC ends, although nobody has noticed it yet.
func TestCancelBeforeCloseComesFirst(t *testing.T) {
	waits := service{stream: func(ss grpc.ServerStream) error { <-ss.Context().Done(); return nil }}
	for _, conn := range []string{"network", "Channel"} {
		canceled := 0
		for range 40 {
			synctest.Test(t, func(t *testing.T) {
				cc, stop := stoppable(t, conn, inprocchain.Chain{}, waits, false)
				ctx, cancel := context.WithCancel(t.Context())
				received := make(chan error, 1)
				go func() {
					_, err := kindNamed("bidi").call(ctx, cc)
					received <- err
				}()
				synctest.Wait()
				cancel()
				stop()
				if status.Code(<-received) == codes.Canceled {
					canceled++
				}
			})
		}
		if canceled < 30 {
			t.Errorf("%s: %d of 40 RPCs ended with Canceled", conn, canceled)
		}
	}
}
