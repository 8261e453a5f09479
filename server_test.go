package inprocchain_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/fullstorydev/grpchan/grpchantesting"
	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/reflection"
	reflectionpb "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/testservice"
)

// registrations has the ways to register the text service on a Channel.
var registrations = map[string]func(textService, ...inprocchain.Option) *inprocchain.Channel{
	"on the Channel": textService.onChannel,
	"on InProcess": func(s textService, opts ...inprocchain.Option) *inprocchain.Channel {
		ch := inprocchain.New(opts...)
		s.register(ch.InProcess())
		return ch
	},
	"before Wrap": func(s textService, opts ...inprocchain.Option) *inprocchain.Channel {
		below := new(inprocgrpc.Channel)
		s.register(below)
		return inprocchain.Wrap(below, opts...)
	},
}

func TestNewServerServesTheServicesOfTheChannelWithItsChain(t *testing.T) {
	t.Parallel()
	for registered, newChannelOf := range registrations {
		t.Run(registered, func(t *testing.T) {
			t.Parallel()
			var o order
			ch := newChannelOf(textService{}, o.chain())
			var first, second *grpc.Server
			for _, server := range []**grpc.Server{&first, &second} {
				*server = ch.NewServer(
					grpc.ChainUnaryInterceptor(o.unaryServer("of the server")),
					grpc.ChainStreamInterceptor(o.streamServer("of the server")),
				)
				if got, want := (*server).GetServiceInfo(), ch.GetServiceInfo(); !slices.Equal(sortedKeys(got), sortedKeys(want)) {
					t.Errorf("the server has the services %v, want %v", sortedKeys(got), sortedKeys(want))
				}
			}
			for name, cc := range map[string]grpc.ClientConnInterface{
				"network": testservice.Dial(t, first), "another server": testservice.Dial(t, second), "in-process": ch.InProcess(),
			} {
				want := serverSide
				if name != "in-process" {
					want = slices.Concat(serverSide, []string{"of the server"})
				}
				for kind, call := range textCalls {
					if got, err := call(t.Context(), cc, "hello"); got != "hello" || err != nil {
						t.Errorf("%s, %s: got %q, %v", name, kind, got, err)
					}
					if got := o.take(); !slices.Equal(got, want) {
						t.Errorf("%s, %s: ran %q, want %q", name, kind, got, want)
					}
				}
			}
		})
	}
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func (o *order) unaryServer(name string) grpc.UnaryServerInterceptor {
	return func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		o.add(name)
		return handler(ctx, req)
	}
}

func (o *order) streamServer(name string) grpc.StreamServerInterceptor {
	return func(srv any, ss grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		o.add(name)
		return handler(srv, ss)
	}
}

// The server has the chain in its own options, which nobody can replace.
func TestNewServerServesAfterTheChainOfTheChannelIsReplaced(t *testing.T) {
	t.Parallel()
	for registered, newChannelOf := range registrations {
		var o order
		ch := newChannelOf(textService{}, o.chain())
		network := testservice.Dial(t, ch.NewServer())
		ch.InProcess().WithServerUnaryInterceptor(nil).WithServerStreamInterceptor(nil)
		for kind, call := range textCalls {
			if got, err := call(t.Context(), network, "hello"); got != "hello" || err != nil {
				t.Errorf("%s, %s on the network: got %q, %v", registered, kind, got, err)
			}
			if got := o.take(); !slices.Equal(got, serverSide) {
				t.Errorf("%s, %s on the network: ran %q, want %q", registered, kind, got, serverSide)
			}
			if _, err := call(t.Context(), ch, "hello"); status.Code(err) != codes.Internal {
				t.Errorf("%s, %s in-process: %v, want Internal", registered, kind, err)
			}
			o.take()
		}
	}
}

// Interceptors find the implementation that was registered in their info, as on a server on
// which it is registered directly.
func TestInterceptorsReceiveTheRegisteredImplementation(t *testing.T) {
	t.Parallel()
	for registered, newChannelOf := range registrations {
		var received record[string]
		chain := inprocchain.NewChain(
			inprocchain.WithUnaryServerInterceptors(func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
				received.add(fmt.Sprintf("%T", info.Server))
				return handler(ctx, req)
			}),
			inprocchain.WithStreamServerInterceptors(func(srv any, ss grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
				received.add(fmt.Sprintf("%T", srv))
				return handler(srv, ss)
			}),
		)
		ch := newChannelOf(textService{}, chain)
		for name, cc := range map[string]grpc.ClientConnInterface{"network": testservice.Dial(t, ch.NewServer()), "Channel": ch, "InProcess": ch.InProcess()} {
			for kind, call := range textCalls {
				if _, err := call(t.Context(), cc, ""); err != nil {
					t.Errorf("%s, %s, %s: %v", registered, name, kind, err)
				}
			}
		}
		if got, want := received.get(), slices.Repeat([]string{"testservice.Service"}, 6); !slices.Equal(got, want) {
			t.Errorf("registered %s: interceptors received %q, want %q", registered, got, want)
		}
	}
}

// A service without an implementation is a mistake that grpc-go finds when it is called.
func TestServiceWithoutImplementationFailsAsOnANetwork(t *testing.T) {
	t.Parallel()
	asError := func(recovered any) error { return status.Errorf(codes.Unknown, "recovered: %v", recovered) }
	chain := inprocchain.NewChain(
		inprocchain.WithUnaryServerInterceptors(func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (_ any, err error) {
			defer func() { err = asError(recover()) }()
			return handler(ctx, req)
		}),
		inprocchain.WithStreamServerInterceptors(func(srv any, ss grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) (err error) {
			defer func() { err = asError(recover()) }()
			return handler(srv, ss)
		}),
	)
	server, ch := grpc.NewServer(chain.ServerOptions()...), inprocchain.New(chain)
	inprocchain.MultiRegistrar(server, ch).RegisterService(testservice.Desc(), nil)
	network := testservice.Dial(t, server)
	for name, cc := range map[string]grpc.ClientConnInterface{"Channel": ch, "InProcess": ch.InProcess(), "NewServer": testservice.Dial(t, ch.NewServer())} {
		for kind, call := range textCalls {
			_, got := call(t.Context(), cc, "")
			if _, want := call(t.Context(), network, ""); got == nil || got.Error() != want.Error() {
				t.Errorf("%s, %s: got\n%v, want\n%v", name, kind, got, want)
			}
		}
	}
}

func TestReflectionOnTheChannelIsAlsoOnItsServer(t *testing.T) {
	t.Parallel()
	ch := inprocchain.New()
	healthpb.RegisterHealthServer(ch, health.NewServer())
	reflection.Register(ch)
	for name, cc := range map[string]grpc.ClientConnInterface{"network": testservice.Dial(t, ch.NewServer()), "in-process": ch} {
		if got := reflectedServices(t, cc); !slices.Contains(got, "grpc.health.v1.Health") {
			t.Errorf("%s: reflection lists %q", name, got)
		}
	}
}

// reflectedServices returns the services that server reflection lists.
func reflectedServices(t *testing.T, cc grpc.ClientConnInterface) (names []string) {
	t.Helper()
	stream, err := reflectionpb.NewServerReflectionClient(cc).ServerReflectionInfo(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.Send(&reflectionpb.ServerReflectionRequest{MessageRequest: &reflectionpb.ServerReflectionRequest_ListServices{}}); err != nil {
		t.Fatal(err)
	}
	resp, err := stream.Recv()
	if err != nil {
		t.Fatal(err)
	}
	for _, service := range resp.GetListServicesResponse().GetService() {
		names = append(names, service.Name)
	}
	if err := stream.CloseSend(); err != nil {
		t.Error(err)
	}
	return names
}

func TestMultiRegistrarRegistersOnAll(t *testing.T) {
	t.Parallel()
	server, ch := grpc.NewServer(), inprocchain.New()
	grpchantesting.RegisterTestServiceServer(inprocchain.MultiRegistrar(server, ch), &grpchantesting.TestServer{})
	for name, cc := range map[string]grpc.ClientConnInterface{"network": testservice.Dial(t, server), "in-process": ch} {
		if err := calls["unary"](t.Context(), grpchantesting.NewTestServiceClient(cc)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestReflectionMayBeRegisteredOnAMultiRegistrar(t *testing.T) {
	t.Parallel()
	server, ch := grpc.NewServer(), inprocchain.New()
	all := inprocchain.MultiRegistrar(server, ch)
	grpchantesting.RegisterTestServiceServer(all, &grpchantesting.TestServer{})
	reflection.Register(all)
	for name, cc := range map[string]grpc.ClientConnInterface{"network": testservice.Dial(t, server), "in-process": ch} {
		if got, want := reflectedServices(t, cc), "grpchantesting.TestService"; !slices.Contains(got, want) {
			t.Errorf("%s: reflection lists %q, want %s among them", name, got, want)
		}
	}
}

func TestMultiRegistrarReturnsTheServicesOfAllRegistrars(t *testing.T) {
	t.Parallel()
	server, ch := grpc.NewServer(), inprocchain.New()
	textService{}.register(ch)
	grpchantesting.RegisterTestServiceServer(server, &grpchantesting.TestServer{})
	got := inprocchain.MultiRegistrar(server, ch, registrarOnly{ch}).GetServiceInfo()
	for _, want := range []string{"test.Service", "grpchantesting.TestService"} {
		if _, ok := got[want]; !ok || len(got) != 2 {
			t.Errorf("GetServiceInfo returned %v, want two services, one of which is %s", got, want)
		}
	}
}

// A registrarOnly has no GetServiceInfo.
type registrarOnly struct{ grpc.ServiceRegistrar }
