package connection_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/stats"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/testservice"
)

// An end ends a connection.
type end struct {
	name    string
	network func(*grpc.Server, *grpc.ClientConn)
	channel func(*testing.T, *inprocchain.Channel)
}

func shutDown(t *testing.T, ch *inprocchain.Channel) {
	if err := ch.Shutdown(context.Background()); err != nil {
		t.Errorf("Shutdown: %v", err)
	}
}

func closeChannel(t *testing.T, ch *inprocchain.Channel) {
	if err := ch.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
}

var ends = []end{
	{"Shutdown", func(s *grpc.Server, cc *grpc.ClientConn) {
		s.GracefulStop()
		cc.Close()
	}, shutDown},
	{"Close", func(s *grpc.Server, cc *grpc.ClientConn) {
		s.Stop()
		cc.Close()
	}, closeChannel},
	{"Shutdown and Close, each twice", func(s *grpc.Server, cc *grpc.ClientConn) {
		s.GracefulStop()
		s.GracefulStop()
		s.Stop()
		s.Stop()
		cc.Close()
		cc.Close()
	}, func(t *testing.T, ch *inprocchain.Channel) {
		shutDown(t, ch)
		shutDown(t, ch)
		closeChannel(t, ch)
		closeChannel(t, ch)
	}},
}

// Each side has one connection, which begins before all RPCs and ends after them.
func TestConnectionBeginsOnceBeforeTheFirstRPCAndEndsOnce(t *testing.T) {
	t.Parallel()
	for _, end := range ends {
		t.Run(end.name, func(t *testing.T) {
			t.Parallel()
			var want journal
			synctest.Test(t, func(t *testing.T) {
				server, cc := onNetwork(t, recording(&want))
				makeRPCs(t, cc)
				end.network(server, cc)
			})
			for name, make := range map[string]func(*testing.T, *inprocchain.Channel){
				"Channel":              func(t *testing.T, ch *inprocchain.Channel) { makeRPCs(t, ch) },
				"ClientConn":           func(t *testing.T, ch *inprocchain.Channel) { makeRPCs(t, ch.ClientConn()) },
				"Channel, then closed": func(t *testing.T, ch *inprocchain.Channel) { makeRPCs(t, ch); ch.ClientConn().Close() },
			} {
				var got journal
				synctest.Test(t, func(t *testing.T) {
					ch := inprocchain.New(recording(&got))
					service{}.register(ch)
					make(t, ch)
					end.channel(t, ch)
				})
				if diff := cmp.Diff(want.lines, got.lines); diff != "" {
					t.Errorf("%s: (-network +in-process)\n%s", name, diff)
				}
			}
			if got := len(want.lines); got != 2 {
				t.Errorf("%d sides have recorded something, want both", got)
			}
		})
	}
}

// A connection ends when Shutdown or Close has finished, not when it begins.
func TestConnectionEndsAfterItsLastRPC(t *testing.T) {
	t.Parallel()
	blocked := func() (service, chan struct{}) {
		proceed := make(chan struct{})
		return service{func(context.Context) { <-proceed }}, proceed
	}
	var want, got journal
	synctest.Test(t, func(t *testing.T) {
		service, proceed := blocked()
		server, cc := serveOnNetwork(t, recording(&want), service)
		call := make(chan error)
		go func() { _, err := callUnary(t.Context(), cc); call <- err }()
		synctest.Wait()
		go server.GracefulStop()
		synctest.Wait()
		want.add("server", "the handler proceeds")
		close(proceed)
		if err := <-call; err != nil {
			t.Error(err)
		}
		synctest.Wait()
	})
	synctest.Test(t, func(t *testing.T) {
		service, proceed := blocked()
		ch := inprocchain.New(recording(&got))
		service.register(ch)
		call := make(chan error)
		go func() { _, err := callUnary(t.Context(), ch); call <- err }()
		synctest.Wait()
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if err := ch.Shutdown(ended); err == nil {
			t.Error("Shutdown did not wait for the RPC")
		}
		go shutDown(t, ch)
		synctest.Wait()
		got.add("server", "the handler proceeds")
		got.add("client", "the handler proceeds")
		close(proceed)
		if err := <-call; err != nil {
			t.Error(err)
		}
		synctest.Wait()
	})
	if diff := cmp.Diff(want.lines["server"], got.lines["server"]); diff != "" {
		t.Errorf("server: (-network +in-process)\n%s", diff)
	}
	// The connection of a client may end before its last RPC does, as on a network.
	wantClient := []string{"TagConn", "*stats.ConnBegin", "TagRPC", "the handler proceeds", "*stats.ConnEnd", "*stats.End"}
	slices.Sort(got.lines["client"][4:])
	if diff := cmp.Diff(wantClient, got.lines["client"]); diff != "" {
		t.Errorf("client: (-want +got)\n%s", diff)
	}
}

// Each client of the same services has its own connection. All end together.
func TestEachClientHasAConnection(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var servers, first, second, unused journal
		ch := inprocchain.New(
			inprocchain.WithServerStatsHandlers(eventRecorder{&servers, "server"}),
			inprocchain.WithClientStatsHandlers(eventRecorder{&first, "client"}),
		)
		service{}.register(ch)
		another := ch.NewClient(inprocchain.WithClientStatsHandlers(eventRecorder{&second, "client"}))
		ch.NewClient(inprocchain.WithClientStatsHandlers(eventRecorder{&unused, "client"}))
		for _, client := range []grpc.ClientConnInterface{ch, another, ch, another} {
			if _, err := callUnary(t.Context(), client); err != nil {
				t.Fatal(err)
			}
		}
		shutDown(t, ch)
		rpc := []string{"TagRPC", "*stats.End"}
		of := func(parts ...[]string) (all []string) {
			for _, part := range parts {
				all = append(all, part...)
			}
			return all
		}
		begin, end := []string{"TagConn", "*stats.ConnBegin"}, []string{"*stats.ConnEnd"}
		for _, check := range []struct {
			name string
			got  []string
			want []string
		}{
			{"server", servers.lines["server"], of(begin, rpc, begin, rpc, rpc, rpc, end, end)},
			{"first client", first.lines["client"], of(begin, rpc, rpc, end)},
			{"second client", second.lines["client"], of(begin, rpc, rpc, end)},
			{"client without an RPC", unused.lines["client"], nil},
		} {
			if diff := cmp.Diff(check.want, check.got); diff != "" {
				t.Errorf("%s: (-want +got)\n%s", check.name, diff)
			}
		}
	})
}

// makeRPCs makes two RPCs.
func makeRPCs(t *testing.T, cc grpc.ClientConnInterface) {
	t.Helper()
	if _, err := callUnary(t.Context(), cc); err != nil {
		t.Error(err)
	}
	if _, err := callBidi(t.Context(), cc); err != nil {
		t.Error(err)
	}
	synctest.Wait() // On a network, the server's side may end later.
}

func onNetwork(t *testing.T, chain inprocchain.Chain) (*grpc.Server, *grpc.ClientConn) {
	return serveOnNetwork(t, chain, service{})
}

// serveOnNetwork returns a server and an established connection to it.
func serveOnNetwork(t *testing.T, chain inprocchain.Chain, s service) (*grpc.Server, *grpc.ClientConn) {
	server := grpc.NewServer(chain.ServerOptions()...)
	s.register(server)
	cc := testservice.Dial(t, server, chain.DialOptions()...)
	cc.Connect()
	synctest.Wait()
	return server, cc
}

func recording(j *journal) inprocchain.Chain {
	return inprocchain.NewChain(
		inprocchain.WithClientStatsHandlers(eventRecorder{j, "client"}),
		inprocchain.WithServerStatsHandlers(eventRecorder{j, "server"}),
	)
}

// An eventRecorder is a stats handler that records the beginning and the end of
// connections and RPCs.
type eventRecorder struct {
	*journal
	side string
}

func (r eventRecorder) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context {
	r.add(r.side, "TagConn")
	return ctx
}

func (r eventRecorder) HandleConn(_ context.Context, event stats.ConnStats) {
	r.add(r.side, "%T", event)
	if isClient := r.side == "client"; event.IsClient() != isClient {
		r.add(r.side, "IsClient is %v", !isClient)
	}
}

func (r eventRecorder) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context {
	r.add(r.side, "TagRPC")
	return ctx
}

func (r eventRecorder) HandleRPC(_ context.Context, event stats.RPCStats) {
	if _, ok := event.(*stats.End); ok {
		r.add(r.side, "%T", event)
	}
}
