package motion_test

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
)

// Everything that a client configures runs on the goroutine of the caller. Everything that a
// server configures runs on one other goroutine, that of the handler. On a network, the client's
// InHeader and InTrailer come from the connection's goroutine.
func TestEachSideRunsOnItsOwnGoroutine(t *testing.T) {
	t.Parallel()
	for _, conn := range []string{"network", "Channel"} {
		t.Run(conn, func(t *testing.T) {
			t.Parallel()
			var client, server parts
			serverEnded := make(chan struct{}, 1)
			s := service{
				unary:  func(context.Context) error { server.ran("handler"); return nil },
				stream: func(ss grpc.ServerStream) error { server.ran("handler"); return echo(ss) },
			}
			cc := connectTo(t, conn, noting(&client, &server, serverEnded), s)
			for _, k := range kinds {
				for range 50 {
					client.reset()
					server.reset()
					if _, err := k.call(t.Context(), cc, client.options()...); err != nil {
						t.Fatalf("%s: %v", k.name, err)
					}
					await(t, serverEnded, "End of the server")
					if conn == "network" {
						client.remove("InHeader", "InTrailer")
					}
					client.check(t, "the client of "+k.name, goroutine())
					server.check(t, "the server of "+k.name, server.of("handler"))
				}
			}
		})
	}
}

// This holds too if the context of a caller ends while it waits. On a network, another
// goroutine may notice that first.
func TestCanceledCallerRunsItsOwnSide(t *testing.T) {
	t.Parallel()
	for _, k := range kinds {
		synctest.Test(t, func(t *testing.T) {
			var client, server parts
			s := handle(func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
			ch := newChannel(t, noting(&client, &server, make(chan struct{}, 1)), s.register)
			ctx, cancel := context.WithCancel(t.Context())
			go func() {
				synctest.Wait() // until the caller waits for the handler
				cancel()
			}()
			if _, err := k.call(ctx, ch, client.options()...); status.Code(err) != codes.Canceled {
				t.Errorf("%s: %v", k.name, err)
			}
			client.check(t, k.name, goroutine())
		})
	}
}

// noting returns a chain that notes where its parts run. It sends when the server's part of an
// RPC has ended.
func noting(client, server *parts, serverEnded chan<- struct{}) inprocchain.Chain {
	return inprocchain.NewChain(
		inprocchain.WithClientStatsHandlers(statsHandler(func(_ context.Context, event stats.RPCStats) {
			client.ran(nameOf(event))
		})),
		inprocchain.WithServerStatsHandlers(statsHandler(func(_ context.Context, event stats.RPCStats) {
			server.ran(nameOf(event))
			if _, ok := event.(*stats.End); ok {
				serverEnded <- struct{}{}
			}
		})),
		inprocchain.WithUnaryClientInterceptors(func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
			defer client.ran("interceptor")
			return invoker(ctx, method, req, reply, cc, opts...)
		}),
		inprocchain.WithStreamClientInterceptors(func(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
			defer client.ran("interceptor")
			return streamer(ctx, desc, cc, method, opts...)
		}),
		serverInterceptors(func(handler func() error) error {
			defer server.ran("interceptor")
			return handler()
		}),
	)
}

// parts are the parts of one side, with the goroutines on which they ran.
type parts struct {
	mu         sync.Mutex
	goroutines map[string]string
}

func (p *parts) reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.goroutines)
}

func (p *parts) ran(part string) {
	current := goroutine()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.goroutines == nil {
		p.goroutines = map[string]string{}
	}
	if before, ok := p.goroutines[part]; ok && before != current {
		current = before + " and " + current
	}
	p.goroutines[part] = current
}

func (p *parts) remove(parts ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, part := range parts {
		delete(p.goroutines, part)
	}
}

func (p *parts) of(part string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.goroutines[part]
}

// check ends the test if a part did not run on the goroutine.
func (p *parts) check(t *testing.T, side, goroutine string) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	wrong := ""
	for part, on := range p.goroutines {
		if on != goroutine {
			wrong += fmt.Sprintf("; %s ran on %s", part, on)
		}
	}
	if wrong != "" {
		t.Fatalf("%s: want all on %s%s", side, goroutine, wrong)
	}
	if len(p.goroutines) < 6 { // at least TagRPC, Begin, two other events, an interceptor, and the handler or OnFinish
		t.Fatalf("%s: only these ran: %v", side, p.goroutines)
	}
}

// options returns call options that note where they run.
func (p *parts) options() []grpc.CallOption {
	return []grpc.CallOption{
		grpc.OnFinish(func(error) { p.ran("OnFinish") }),
		grpc.PerRPCCredentials(credentials(func() error { p.ran("credentials"); return nil })),
	}
}

// credentials call their function and add no metadata.
type credentials func() error

func (c credentials) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return nil, c()
}

func (credentials) RequireTransportSecurity() bool { return false }

// goroutine returns the name of the calling goroutine.
func goroutine() string {
	stack := make([]byte, 64)
	name, _, _ := bytes.Cut(stack[:runtime.Stack(stack, false)], []byte(" ["))
	return string(name)
}
