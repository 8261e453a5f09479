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
	"google.golang.org/grpc/reflection"
	reflectionpb "google.golang.org/grpc/reflection/grpc_reflection_v1"
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
				cc                *grpc.ClientConn
				wantNew, wantUsed connectivity.State
			}{
				{network, connectivity.Idle, connectivity.TransientFailure},
				{channel.ClientConn(), connectivity.Ready, connectivity.Ready},
			} {
				synctest.Wait() // An RPC may end before grpc-go changes the state.
				isNew := test.cc.GetState()
				_, err := ask(t.Context(), test.cc, "")
				synctest.Wait()
				if used := test.cc.GetState(); isNew != test.wantNew || used != test.wantUsed || status.Code(err) != codes.Unavailable {
					t.Errorf("the state was %v and is %v, want %v and %v; the RPC returned %v", isNew, used, test.wantNew, test.wantUsed, err)
				}
			}
			if err := errors.Join(network.Close(), channel.Shutdown(t.Context())); err != nil {
				t.Error(err)
			}
		})
	})
	t.Run("closed_after_the_stop", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			server := grpc.NewServer()
			healthpb.RegisterHealthServer(server, watched{})
			channel := inprocchain.New()
			healthpb.RegisterHealthServer(channel, watched{})
			network := overBufconn(t, server)
			if err := watchClosed(t, network, server.GracefulStop); err == nil {
				t.Error("network: the context of the stream has not ended")
			}
			if err := watchClosed(t, channel.ClientConn(), func() { _ = channel.Shutdown(t.Context()) }); err != nil {
				t.Errorf("in-process: the context of the stream ends with %v", err)
			}
		})
	})
	t.Run("connections_of_a_client", func(t *testing.T) {
		var begun, ended atomic.Int64
		chain := inprocchain.NewChain(inprocchain.WithClientStatsHandlers(testservice.Stats{OnConn: func(_ context.Context, event stats.ConnStats) {
			if _, ok := event.(*stats.ConnBegin); ok {
				begun.Add(1)
			} else {
				ended.Add(1)
			}
		}}))
		for want, newConn := range map[int64]func(*testing.T) (_ grpc.ClientConnInterface, close func() error){
			1: func(t *testing.T) (grpc.ClientConnInterface, func() error) {
				server := grpc.NewServer()
				healthpb.RegisterHealthServer(server, &service{})
				grpchantesting.RegisterTestServiceServer(server, &grpchantesting.TestServer{})
				network := overBufconn(t, server, chain.DialOptions()...)
				return network, network.Close
			},
			2: func(t *testing.T) (grpc.ClientConnInterface, func() error) {
				channel := inprocchain.New(chain, inprocchain.WithRemoteTarget("passthrough:///remote", nil, dialRemote(t)...))
				grpchantesting.RegisterTestServiceServer(channel, &grpchantesting.TestServer{})
				return channel, func() error { return channel.Shutdown(t.Context()) }
			},
		} {
			synctest.Test(t, func(t *testing.T) {
				begun.Store(0)
				ended.Store(0)
				cc, close := newConn(t)
				_, here := grpchantesting.NewTestServiceClient(cc).Unary(t.Context(), new(grpchantesting.Message))
				_, there := ask(t.Context(), cc, "")
				if err := errors.Join(here, there, close()); err != nil {
					t.Errorf("%T: %v", cc, err)
				}
				synctest.Wait() // until grpc-go has told of the end
				if begun.Load() != want || ended.Load() != want {
					t.Errorf("%T: %d connections began, and %d ended, want %d", cc, begun.Load(), ended.Load(), want)
				}
			})
		}
	})
	t.Run("stats_of_a_remote", func(t *testing.T) {
		for name, test := range map[string]struct {
			remote                 func(connection *observer) inprocchain.Option
			ofClient, ofConnection bool // whose stats handlers run
		}{
			"WithRemote": {func(connection *observer) inprocchain.Option {
				return inprocchain.WithRemote(newNetwork(t, connection.chain()))
			}, false, true},
			"WithRemoteTarget": {func(*observer) inprocchain.Option {
				return inprocchain.WithRemoteTarget("passthrough:///remote", nil, dialRemote(t)...)
			}, true, false},
		} {
			client, connection := &observer{}, &observer{}
			channel := inprocchain.New(client.chain(), test.remote(connection))
			_, err := ask(t.Context(), channel, "")
			if err := errors.Join(err, channel.Shutdown(t.Context())); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if got, other := first[*stats.End](client) != nil, first[*stats.End](connection) != nil; got != test.ofClient || other != test.ofConnection {
				t.Errorf("%s: the stats handlers of the client ran: %t; those of the connection: %t", name, got, other)
			}
		}
	})
	t.Run("remote_services_of_a_server", func(t *testing.T) {
		channel := inprocchain.New(inprocchain.WithRemote(newNetwork(t, inprocchain.Chain{})))
		reflection.RegisterV1(channel)
		for want, cc := range map[codes.Code]grpc.ClientConnInterface{
			codes.OK:            channel,
			codes.Unimplemented: overBufconn(t, channel.NewServer()),
		} {
			if _, err := ask(t.Context(), cc, ""); status.Code(err) != want {
				t.Errorf("%T: got %v, want %v", cc, err, want)
			}
		}
		stream, err := reflectionpb.NewServerReflectionClient(channel).ServerReflectionInfo(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		list := &reflectionpb.ServerReflectionRequest{MessageRequest: &reflectionpb.ServerReflectionRequest_ListServices{}}
		if err := errors.Join(stream.Send(list), stream.CloseSend()); err != nil {
			t.Error(err)
		}
		response, err := stream.Recv()
		if listed, services := response.GetListServicesResponse().GetService(), channel.GetServiceInfo(); err != nil || len(listed) != 1 || len(services) != 1 {
			t.Errorf("reflection listed %v, %v, and GetServiceInfo %v, want only reflection itself", listed, err, services)
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
		for name, newRemote := range map[string]func() inprocchain.Option{
			"here":       func() inprocchain.Option { return inprocchain.Chain{} },
			"WithRemote": func() inprocchain.Option { return inprocchain.WithRemote(newNetwork(t, inprocchain.Chain{})) },
			"WithRemoteTarget": func() inprocchain.Option {
				return inprocchain.WithRemoteTarget("passthrough:///remote", nil, dialRemote(t)...)
			},
		} {
			for method, end := range map[string]func(*inprocchain.Channel) error{
				"Close": (*inprocchain.Channel).Close, "Shutdown": func(channel *inprocchain.Channel) error { return channel.Shutdown(t.Context()) },
			} {
				channel := inprocchain.New(newRemote())
				client, closed, ofConn := channel.NewClient(), channel.NewClient(), channel.NewClient()
				want := map[grpc.ClientConnInterface]codes.Code{
					channel: codes.Unavailable, client: codes.Unavailable, client.ClientConn(): codes.Unavailable,
					closed: codes.Canceled, ofConn.ClientConn(): codes.Canceled,
				}
				if err := errors.Join(closed.Close(), ofConn.ClientConn().Close(), end(channel)); err != nil {
					t.Error(err)
				}
				for cc, want := range want {
					if _, err := ask(t.Context(), cc, ""); status.Code(err) != want {
						t.Errorf("%s, %T after %s: got %v, want %v", name, cc, method, err, want)
					}
				}
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
