package docs_test

import (
	"context"
	"testing"

	"github.com/fullstorydev/grpchan"
	"github.com/fullstorydev/grpchan/grpchantesting"
	"github.com/fullstorydev/grpchan/inprocgrpc"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/selector"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/inprocchain/inprocchain"
)

func TestFromInterceptServer(t *testing.T) {
	before := func() grpc.ClientConnInterface {
		channel := &inprocgrpc.Channel{}
		healthpb.RegisterHealthServer(grpchan.WithInterceptor(channel, audited, nil), health.NewServer())
		return channel
	}
	after := func() grpc.ClientConnInterface {
		channel := inprocchain.New(inprocchain.WithUnaryServerInterceptors(audited))
		healthpb.RegisterHealthServer(channel, health.NewServer())
		return channel
	}
	expectRan(t, before(), "audited")
	expectRan(t, after(), "audited")
}

func TestFromDifferentInterceptors(t *testing.T) {
	before := func() grpc.ClientConnInterface {
		channel := &inprocgrpc.Channel{}
		channel.RegisterService(grpchan.InterceptServer(&healthpb.Health_ServiceDesc, recovered, nil), health.NewServer())
		channel.RegisterService(grpchan.InterceptServer(&grpchantesting.TestService_ServiceDesc, chain(recovered, audited), nil), &grpchantesting.TestServer{})
		return channel
	}
	after := func() grpc.ClientConnInterface {
		channel := inprocchain.New(inprocchain.WithUnaryServerInterceptors(recovered)) // for all services
		channel.RegisterService(&healthpb.Health_ServiceDesc, health.NewServer())
		// This service has one interceptor more, inside those of the chain.
		channel.RegisterService(grpchan.InterceptServer(&grpchantesting.TestService_ServiceDesc, audited, nil), &grpchantesting.TestServer{})
		return channel
	}
	bySelector := func() grpc.ClientConnInterface {
		exceptHealth := selector.MatchFunc(func(_ context.Context, call interceptors.CallMeta) bool {
			return call.Service != healthpb.Health_ServiceDesc.ServiceName
		})
		channel := inprocchain.New(inprocchain.WithUnaryServerInterceptors(
			recovered,
			selector.UnaryServerInterceptor(audited, exceptHealth),
		))
		channel.RegisterService(&healthpb.Health_ServiceDesc, health.NewServer())
		channel.RegisterService(&grpchantesting.TestService_ServiceDesc, &grpchantesting.TestServer{})
		return channel
	}
	for _, cc := range []grpc.ClientConnInterface{before(), after(), bySelector()} {
		expectRan(t, cc, "recovered")
		expectRan(t, unaryOf{cc}, "recovered audited")
	}
}

func TestForOneServiceAlone(t *testing.T) {
	channel := inprocchain.New(inprocchain.WithUnaryServerInterceptors(recovered))
	// Both run inside the chain. The one that is added last is the outermost of them.
	services := grpchan.WithInterceptor(grpchan.WithInterceptor(channel, validated, nil), audited, nil)
	healthpb.RegisterHealthServer(services, health.NewServer())
	expectRan(t, channel, "recovered audited validated")
}

func TestForOneServiceOnBoth(t *testing.T) {
	chain := inprocchain.NewChain(inprocchain.WithUnaryServerInterceptors(recovered))
	forHealth := inprocchain.NewChain(inprocchain.WithUnaryServerInterceptors(audited, validated))
	server, channel := grpc.NewServer(chain.ServerOptions()...), inprocchain.New(chain)

	both := inprocchain.MultiRegistrar(server, channel)
	healthpb.RegisterHealthServer(
		grpchan.WithInterceptor(both, forHealth.UnaryServerInterceptor(), forHealth.StreamServerInterceptor()),
		health.NewServer(),
	)
	expectRan(t, channel, "recovered audited validated")
	expectRan(t, overBufconn(t, server), "recovered audited validated")
}

func TestFromBuilder(t *testing.T) {
	type config struct{ audit bool }
	before := func(cfg config) *grpc.Server {
		var options []grpc.ServerOption
		options = append(options, grpc.MaxConcurrentStreams(100), grpc.MaxRecvMsgSize(1<<20))
		options = append(options, grpc.ChainUnaryInterceptor(recovered))
		if cfg.audit {
			options = append(options, grpc.ChainUnaryInterceptor(audited))
		}
		return grpc.NewServer(options...)
	}
	after := func(cfg config) (*grpc.Server, *inprocchain.Channel) {
		var options []grpc.ServerOption // for the network alone
		var shared []inprocchain.Option // for both
		options = append(options, grpc.MaxConcurrentStreams(100))
		shared = append(shared, inprocchain.WithServerMaxRecvMsgSize(1<<20))
		shared = append(shared, inprocchain.WithUnaryServerInterceptors(recovered))
		if cfg.audit {
			shared = append(shared, inprocchain.WithUnaryServerInterceptors(audited))
		}
		channel := inprocchain.New(shared...)
		healthpb.RegisterHealthServer(channel, health.NewServer()) // and every other service
		return channel.NewServer(options...), channel
	}
	madeElsewhere := func(options []grpc.ServerOption, shared []inprocchain.Option) (*grpc.Server, *inprocchain.Channel) {
		chain := inprocchain.NewChain(shared...)
		server := grpc.NewServer(append(chain.ServerOptions(), options...)...)
		channel := inprocchain.New(chain)
		healthpb.RegisterHealthServer(inprocchain.MultiRegistrar(server, channel), health.NewServer())
		return server, channel
	}
	old := before(config{audit: true})
	server, channel := after(config{audit: true})
	other, otherChannel := madeElsewhere(
		[]grpc.ServerOption{grpc.MaxConcurrentStreams(100)},
		[]inprocchain.Option{inprocchain.WithUnaryServerInterceptors(recovered, audited)})
	healthpb.RegisterHealthServer(old, health.NewServer())
	for _, cc := range []grpc.ClientConnInterface{overBufconn(t, old), overBufconn(t, server), channel, overBufconn(t, other), otherChannel} {
		expectRan(t, cc, "recovered audited")
	}
}

func TestFromConstructor(t *testing.T) {
	before := func(channel *inprocgrpc.Channel) *grpc.Server {
		channel.WithServerUnaryInterceptor(chain(recovered, audited))
		server := grpc.NewServer(grpc.ChainUnaryInterceptor(recovered, audited))
		for _, registrar := range []grpc.ServiceRegistrar{server, channel} {
			healthpb.RegisterHealthServer(registrar, health.NewServer())
		}
		return server
	}
	after := func(channel *inprocgrpc.Channel) *grpc.Server {
		both := inprocchain.Wrap(channel, inprocchain.WithUnaryServerInterceptors(recovered, audited))
		healthpb.RegisterHealthServer(both, health.NewServer())
		return both.NewServer()
	}
	for _, newServer := range []func(*inprocgrpc.Channel) *grpc.Server{before, after} {
		channel := &inprocgrpc.Channel{}
		server := newServer(channel)
		expectRan(t, channel, "recovered audited")
		expectRan(t, overBufconn(t, server), "recovered audited")
	}
}

func TestFromHandlerMap(t *testing.T) {
	handlers := grpchan.HandlerMap{}
	healthpb.RegisterHealthServer(handlers, health.NewServer()) // before there is a server
	before := func(server *grpc.Server, channel *inprocgrpc.Channel) {
		handlers.ForEach(server.RegisterService)
		handlers.ForEach(channel.RegisterService)
	}
	after := func(server *grpc.Server, channel *inprocchain.Channel) {
		handlers.ForEach(inprocchain.MultiRegistrar(server, channel).RegisterService)
	}
	old, bare := grpc.NewServer(grpc.ChainUnaryInterceptor(audited)), (&inprocgrpc.Channel{}).WithServerUnaryInterceptor(audited)
	before(old, bare)
	chain := inprocchain.NewChain(inprocchain.WithUnaryServerInterceptors(audited))
	server, channel := grpc.NewServer(chain.ServerOptions()...), inprocchain.New(chain)
	after(server, channel)
	for _, cc := range []grpc.ClientConnInterface{overBufconn(t, old), bare, overBufconn(t, server), channel} {
		expectRan(t, cc, "audited")
	}
}

func validated(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	run("validated")
	return handler(ctx, req)
}

func chain(outer, inner grpc.UnaryServerInterceptor) grpc.UnaryServerInterceptor {
	return inprocchain.NewChain(inprocchain.WithUnaryServerInterceptors(outer, inner)).UnaryServerInterceptor()
}

// unaryOf makes the RPCs of a second service.
type unaryOf struct{ grpc.ClientConnInterface }

func (s unaryOf) Invoke(ctx context.Context, _ string, _, _ any, opts ...grpc.CallOption) error {
	return s.ClientConnInterface.Invoke(ctx, "/grpchantesting.TestService/Unary", &grpchantesting.Message{}, &grpchantesting.Message{}, opts...)
}
