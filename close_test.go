package inprocchain_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
)

func TestCloseCancelsRPCsInFlight(t *testing.T) {
	t.Parallel()
	for kind, call := range textCalls {
		for _, client := range []string{"Channel", "InProcess", "ClientConn", "NewClient"} {
			for name, shutdownFirst := range map[string]bool{"alone": false, "after a Shutdown that has failed": true} {
				t.Run(kind+" on "+client+", "+name, func(t *testing.T) {
					t.Parallel()
					g := newGate()
					ch := g.service().onChannel()
					cc := map[string]grpc.ClientConnInterface{"Channel": ch, "InProcess": ch.InProcess(), "ClientConn": ch.ClientConn(), "NewClient": ch.NewClient()}[client]
					result := make(chan error, 1)
					go func() { _, err := call(t.Context(), cc, ""); result <- err }()
					<-g.entered
					if shutdownFirst {
						ended, cancel := context.WithCancel(t.Context())
						cancel()
						if err := ch.Shutdown(ended); !errors.Is(err, context.Canceled) {
							t.Errorf("Shutdown returned %v", err)
						}
					}
					if err := ch.Close(); err != nil {
						t.Error(err)
					}
					select {
					case err := <-g.ended:
						if err != context.Canceled {
							t.Errorf("the handler's context ended with %v, want Canceled", err)
						}
					default:
						t.Error("Close returned before the handler")
					}
					if err := <-result; status.Code(err) != codes.Unavailable {
						t.Errorf("the caller got %v, want Unavailable", err)
					}
					if _, err := call(t.Context(), cc, ""); status.Code(err) != codes.Unavailable {
						t.Errorf("an RPC after Close: %v, want Unavailable", err)
					}
				})
			}
		}
	}
}

// Close ends everything, so it also refuses what a handler begins with its own values and
// without its cancellation.
func TestCloseRefusesTheRPCsOfHandlersInFlight(t *testing.T) {
	t.Parallel()
	for kind, call := range textCalls {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			entered, nested := make(chan struct{}), make(chan error, 1)
			var ch *inprocchain.Channel
			ch = textService{unary: func(ctx context.Context, req string) (string, error) {
				if req != "outer" {
					return req, nil
				}
				close(entered)
				<-ctx.Done()
				_, err := call(context.WithoutCancel(ctx), ch, "inner")
				nested <- err
				return req, nil
			}}.onChannel()
			go func() { _, _ = callText(t.Context(), ch, "outer") }()
			<-entered
			if err := ch.Close(); err != nil {
				t.Error(err)
			}
			if err := <-nested; status.Code(err) != codes.Unavailable {
				t.Errorf("an RPC of a handler that Close waits for: %v, want Unavailable", err)
			}
		})
	}
}

// A closing stats handler closes its Channel when a client's header has been sent.
type closing struct {
	silent
	ch *inprocchain.Channel
}

func (c *closing) HandleRPC(_ context.Context, event stats.RPCStats) {
	if _, isHeader := event.(*stats.OutHeader); isHeader {
		_ = c.ch.Close()
	}
}

// A unary handler starts after its request was sent. If the Channel was closed before, it
// never does, and Close does not wait for it.
func TestCloseKeepsAHandlerFromStarting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		handler := new(closing)
		handler.ch = textService{unary: func(_ context.Context, req string) (string, error) {
			t.Error("the handler was called after Close")
			return req, nil
		}}.onChannel(inprocchain.WithClientStatsHandlers(handler))
		if _, err := callText(t.Context(), handler.ch, ""); status.Code(err) != codes.Unavailable {
			t.Errorf("the caller got %v, want Unavailable", err)
		}
		synctest.Wait() // A handler that starts all the same has run then.
	})
}

// A closableClient is a connection of a client, and what closes the client.
type closableClient struct {
	cc    grpc.ClientConnInterface
	close func() error
}

// closableClients returns the connections of clients of a service, by name.
func closableClients(t *testing.T, s textService, opts ...inprocchain.Option) map[string]closableClient {
	network := s.onNetwork(t)
	client, other, remote := s.onChannel(opts...).NewClient(), s.onChannel(opts...).NewClient(), inprocchain.New(append(opts, inprocchain.WithRemote(s.onNetwork(t)))...).NewClient()
	return map[string]closableClient{
		"network":              {network, network.Close},
		"Client":               {client, client.Close},
		"ClientConn of Client": {other.ClientConn(), other.Close},
		"Client of a remote":   {remote, remote.Close},
	}
}

func TestClosingAClientEndsItsRPCsAsOnANetwork(t *testing.T) {
	t.Parallel()
	for kind, call := range textCalls {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			g := newGate()
			texts := map[string][]string{}
			for name, client := range closableClients(t, g.service()) {
				inFlight := make(chan error, 1)
				go func() { _, err := call(t.Context(), client.cc, ""); inFlight <- err }()
				<-g.entered
				if err := client.close(); err != nil {
					t.Errorf("%s: Close: %v", name, err)
				}
				_, later := call(t.Context(), client.cc, "")
				for _, err := range []error{<-inFlight, later} {
					texts[name] = append(texts[name], err.Error())
				}
				if err := <-g.ended; err != context.Canceled {
					t.Errorf("%s: the handler's context ended with %v, want Canceled", name, err)
				}
			}
			for name, got := range texts {
				if !slices.Equal(got, texts["network"]) || !strings.Contains(got[0], codes.Canceled.String()) {
					t.Errorf("%s: the RPC in flight and a later one returned\n%q, want\n%q", name, got, texts["network"])
				}
			}
		})
	}
}

func TestClosingAClientEndsNoOtherClient(t *testing.T) {
	t.Parallel()
	g := newGate()
	ch := g.service().onChannel(inprocchain.WithRemote(newChannel()))
	closed, other := ch.NewClient(), ch.NewClient()
	others := map[string]grpc.ClientConnInterface{
		"Channel": ch, "ClientConn": ch.ClientConn(), "InProcess": ch.InProcess(), "other Client": other, "its ClientConn": other.ClientConn(),
	}
	results := make(chan error, len(others)*len(textCalls))
	for _, cc := range others {
		for _, call := range textCalls {
			go func() { _, err := call(t.Context(), cc, ""); results <- err }()
			<-g.entered
		}
	}
	for range 2 { // The second time, it has no effect.
		if err := closed.Close(); err != nil {
			t.Error(err)
		}
	}
	close(g.open)
	for range cap(results) {
		if err := <-results; err != nil {
			t.Errorf("an RPC of another client, in flight when a client was closed: %v", err)
		}
	}
	for name, cc := range others {
		if _, err := callText(t.Context(), cc, ""); err != nil {
			t.Errorf("%s, after a client was closed: %v", name, err)
		}
	}
	if err := ch.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestClientConnOfAClosedClientIsClosed(t *testing.T) {
	t.Parallel()
	ch := textService{}.onChannel()
	before, after := ch.NewClient(), ch.NewClient()
	conn := before.ClientConn()
	for _, client := range []*inprocchain.Client{before, after} {
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	}
	for name, conn := range map[string]*grpc.ClientConn{"made before Close": conn, "made after Close": after.ClientConn()} {
		if got := conn.GetState(); got != connectivity.Shutdown {
			t.Errorf("the state of the ClientConn %s is %v, want Shutdown", name, got)
		}
		for kind, call := range textCalls {
			if _, err := call(t.Context(), conn, ""); status.Code(err) != codes.Canceled {
				t.Errorf("%s on the ClientConn %s: %v, want Canceled", kind, name, err)
			}
		}
	}
	if err := ch.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}

// A connRecorder is a stats handler that records the connections that begin and end.
type connRecorder struct {
	silent
	events record[string]
}

func (r *connRecorder) HandleConn(_ context.Context, event stats.ConnStats) {
	switch event.(type) {
	case *stats.ConnBegin:
		r.events.add("begin")
	case *stats.ConnEnd:
		r.events.add("end")
	}
}

func TestStatsHandlersLearnOnceThatAClientIsClosed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, testClosedClient)
}

func testClosedClient(t *testing.T) {
	server := new(connRecorder)
	ch := textService{}.onChannel(inprocchain.WithServerStatsHandlers(server))
	clients := map[string]struct {
		use  func(*inprocchain.Client)
		want []string
	}{
		"not used": {func(*inprocchain.Client) {}, nil},
		"used":     {func(client *inprocchain.Client) { _, _ = callText(t.Context(), client, "") }, []string{"begin", "end"}},
		"used by its ClientConn": {func(client *inprocchain.Client) {
			_, _ = callText(t.Context(), client.ClientConn(), "")
		}, []string{"begin", "end"}},
	}
	for name, test := range clients {
		recorder, before := new(connRecorder), len(server.events.get())
		client := ch.NewClient(inprocchain.WithClientStatsHandlers(recorder))
		test.use(client)
		for range 2 {
			_ = client.Close()
		}
		synctest.Wait() // Close does not wait for the server's stats handlers.
		if got := recorder.events.get(); !slices.Equal(got, test.want) {
			t.Errorf("%s: the client's stats handler recorded %q, want %q", name, got, test.want)
		}
		if got := server.events.get()[before:]; !slices.Equal(got, test.want) {
			t.Errorf("%s: the server's stats handler recorded %q, want %q", name, got, test.want)
		}
		if _, err := callText(t.Context(), client, ""); status.Code(err) != codes.Canceled {
			t.Errorf("%s: an RPC after Close: %v, want Canceled", name, err)
		}
		defer func() {
			if got := recorder.events.get(); !slices.Equal(got, test.want) {
				t.Errorf("%s: after Shutdown the stats handler has recorded %q, want %q", name, got, test.want)
			}
		}()
	}
	if err := ch.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if got, want := server.events.get(), []string{"begin", "end", "begin", "end"}; !slices.Equal(got, want) {
		t.Errorf("after Shutdown the server's stats handler has recorded %q, want %q", got, want)
	}
}
