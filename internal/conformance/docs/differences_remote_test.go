package docs_test

import (
	"context"
	"errors"
	"net"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/fullstorydev/grpchan/grpchantesting"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/testservice"
)

// Each case is a row about clients and remote services of docs/differences.md.
func TestDifferencesOfClientsAndRemoteServices(t *testing.T) {
	t.Run("state_for_interceptors", func(t *testing.T) {
		var states []connectivity.State
		chain := inprocchain.NewChain(inprocchain.WithUnaryClientInterceptors(
			func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
				err := invoker(ctx, method, req, reply, cc, opts...)
				cc.WaitForStateChange(ctx, connectivity.Connecting) // An RPC may end before grpc-go changes the state.
				states = append(states, cc.GetState())
				return err
			}))
		channel := inprocchain.New(chain)
		healthpb.RegisterHealthServer(channel, &service{})
		for _, cc := range []grpc.ClientConnInterface{newNetwork(t, chain), channel} {
			if _, err := ask(t.Context(), cc, ""); err != nil {
				t.Error(err)
			}
		}
		if want := []connectivity.State{connectivity.Ready, connectivity.Shutdown}; !slices.Equal(states, want) {
			t.Errorf("the interceptor saw %v, want %v", states, want)
		}
	})
	t.Run("another_connection", func(t *testing.T) {
		other := newNetwork(t, inprocchain.Chain{})
		chain := inprocchain.NewChain(inprocchain.WithUnaryClientInterceptors(
			func(ctx context.Context, method string, req, reply any, _ *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
				return invoker(ctx, method, req, reply, other, opts...)
			}))
		for want, cc := range map[codes.Code]grpc.ClientConnInterface{
			codes.OK:            overBufconn(t, grpc.NewServer(), chain.DialOptions()...),
			codes.Unimplemented: inprocchain.New(chain),
		} {
			if _, err := ask(t.Context(), cc, ""); status.Code(err) != want {
				t.Errorf("got %v, want %v", err, want)
			}
		}
	})
	t.Run("ready_without_a_server", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			refuse := []grpc.DialOption{
				grpc.WithTransportCredentials(insecure.NewCredentials()),
				grpc.WithContextDialer(func(context.Context, string) (net.Conn, error) { return nil, errors.New("refused") }),
			}
			network, err := grpc.NewClient("passthrough:///none", refuse...)
			if err != nil {
				t.Fatal(err)
			}
			channel := inprocchain.New(inprocchain.WithRemoteTarget("passthrough:///none", nil, refuse...))
			for _, test := range []struct {
				cc   *grpc.ClientConn
				want connectivity.State
			}{{network, connectivity.TransientFailure}, {channel.ClientConn(), connectivity.Ready}} {
				if _, err := ask(t.Context(), test.cc, ""); status.Code(err) != codes.Unavailable {
					t.Errorf("got %v", err)
				}
				synctest.Wait() // An RPC may end before grpc-go changes the state.
				if got := test.cc.GetState(); got != test.want {
					t.Errorf("the state is %v, want %v", got, test.want)
				}
			}
			if err := errors.Join(network.Close(), channel.Shutdown(t.Context())); err != nil {
				t.Error(err)
			}
		})
	})
	t.Run("connections_of_a_client", func(t *testing.T) {
		var begun atomic.Int64
		chain := inprocchain.NewChain(inprocchain.WithClientStatsHandlers(testservice.Stats{OnConn: func(_ context.Context, event stats.ConnStats) {
			if _, ok := event.(*stats.ConnBegin); ok {
				begun.Add(1)
			}
		}}))
		channel := inprocchain.New(chain, inprocchain.WithRemoteTarget("passthrough:///remote", nil, dialRemote(t)...))
		grpchantesting.RegisterTestServiceServer(channel, &grpchantesting.TestServer{})
		server := grpc.NewServer()
		healthpb.RegisterHealthServer(server, &service{})
		grpchantesting.RegisterTestServiceServer(server, &grpchantesting.TestServer{})
		for want, cc := range map[int64]grpc.ClientConnInterface{
			1: overBufconn(t, server, chain.DialOptions()...),
			2: channel,
		} {
			begun.Store(0)
			_, here := grpchantesting.NewTestServiceClient(cc).Unary(t.Context(), new(grpchantesting.Message))
			_, there := ask(t.Context(), cc, "")
			if here != nil || there != nil || begun.Load() != want {
				t.Errorf("%T: %v, %v, and %d connections, want %d", cc, here, there, begun.Load(), want)
			}
		}
		if err := channel.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	})
	t.Run("stats_of_a_remote", func(t *testing.T) {
		o := &observer{}
		channel := inprocchain.New(o.chain(), inprocchain.WithRemote(newNetwork(t, inprocchain.Chain{})))
		if _, err := ask(t.Context(), channel, ""); err != nil || len(o.client) != 0 {
			t.Errorf("got %v, and %d events", err, len(o.client))
		}
	})
	t.Run("remote_services_of_a_server", func(t *testing.T) {
		channel := inprocchain.New(inprocchain.WithRemote(newNetwork(t, inprocchain.Chain{})))
		for want, cc := range map[codes.Code]grpc.ClientConnInterface{
			codes.OK:            channel,
			codes.Unimplemented: overBufconn(t, channel.NewServer()),
		} {
			if _, err := ask(t.Context(), cc, ""); status.Code(err) != want {
				t.Errorf("%T: got %v, want %v", cc, err, want)
			}
		}
		if services := channel.GetServiceInfo(); len(services) != 0 {
			t.Errorf("GetServiceInfo returned %v", services)
		}
	})
	t.Run("cycle", func(t *testing.T) {
		var itself *inprocchain.Channel
		itself = inprocchain.New(inprocchain.WithRemote(forwarding(func() grpc.ClientConnInterface { return itself })))
		if _, err := ask(t.Context(), itself, ""); status.Code(err) != codes.Internal {
			t.Errorf("got %v", err)
		}
	})
	t.Run("shutdown_in_on_finish", func(t *testing.T) {
		network := newNetwork(t, inprocchain.Chain{})
		channel := inprocchain.New(inprocchain.WithRemote(network))
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		var here error
		_, err := ask(t.Context(), channel, "", grpc.OnFinish(func(error) { here = channel.Shutdown(ended) }))
		if err != nil || !errors.Is(here, context.Canceled) {
			t.Errorf("the RPC returned %v, and Shutdown %v, want the error of its context", err, here)
		}
		if _, err := ask(t.Context(), network, "", grpc.OnFinish(func(error) { grpc.NewServer().GracefulStop() })); err != nil {
			t.Error(err)
		}
	})
	t.Run("own_peer", func(t *testing.T) {
		addr := &net.TCPAddr{IP: net.IPv4(203, 0, 113, 9), Port: 1}
		chain := inprocchain.NewChain(inprocchain.WithPeer(func(context.Context) *peer.Peer { return &peer.Peer{Addr: addr} }))
		asked := answering{handler: func(ctx context.Context) (string, error) {
			p, _ := peer.FromContext(ctx)
			return "", status.Error(codes.Aborted, p.Addr.String())
		}}
		server, channel := grpc.NewServer(), inprocchain.New(chain)
		healthpb.RegisterHealthServer(inprocchain.MultiRegistrar(server, channel), asked)
		network := overBufconn(t, server, chain.DialOptions()...)
		for _, test := range []struct {
			name, want string
			cc         grpc.ClientConnInterface
		}{
			{"network", "bufconn", network},
			{"Channel", addr.String(), channel},
			{"remote service", "bufconn", inprocchain.New(chain, inprocchain.WithRemote(network))},
		} {
			if _, err := ask(t.Context(), test.cc, ""); status.Convert(err).Message() != test.want {
				t.Errorf("%s: got %v, want the peer %s", test.name, err, test.want)
			}
		}
	})
	t.Run("closed_channel", func(t *testing.T) {
		for name, channel := range map[string]*inprocchain.Channel{
			"here": inprocchain.New(), "remote": inprocchain.New(inprocchain.WithRemote(newNetwork(t, inprocchain.Chain{}))),
		} {
			client := channel.NewClient()
			_ = channel.Close()
			if _, err := ask(t.Context(), client, ""); status.Code(err) != codes.Unavailable {
				t.Errorf("%s: got %v", name, err)
			}
		}
		network := newNetwork(t, inprocchain.Chain{})
		_ = network.Close()
		if _, err := ask(t.Context(), network, ""); status.Code(err) != codes.Canceled {
			t.Errorf("network: got %v", err)
		}
	})
}

// dialRemote returns the options of a connection to a server that is not in this process.
func dialRemote(t *testing.T) []grpc.DialOption {
	server := grpc.NewServer()
	healthpb.RegisterHealthServer(server, &service{})
	listener := testservice.Listen(t, server)
	return []grpc.DialOption{
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }),
	}
}

// forwarding is a connection that forwards RPCs to another one.
type forwarding func() grpc.ClientConnInterface

func (f forwarding) Invoke(ctx context.Context, method string, req, reply any, opts ...grpc.CallOption) error {
	return f().Invoke(ctx, method, req, reply, opts...)
}

func (f forwarding) NewStream(ctx context.Context, desc *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	return f().NewStream(ctx, desc, method, opts...)
}
