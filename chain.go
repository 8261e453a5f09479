package inprocchain

import (
	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/stats"

	"github.com/inprocchain/inprocchain/internal/fold"
	"github.com/inprocchain/inprocchain/internal/names"
)

// A Chain is who watches an RPC, in order: interceptors and stats handlers of
// both sides. Made once, it is given to a network server, to a network client
// and to an in-process channel, so that the three cannot drift apart.
//
// A Chain never changes: it may be copied and used concurrently. The zero Chain is empty and ready to use. It is an [Option], so
// that one chain may extend another.
type Chain struct {
	unaryServer  []grpc.UnaryServerInterceptor
	streamServer []grpc.StreamServerInterceptor
	unaryClient  []grpc.UnaryClientInterceptor
	streamClient []grpc.StreamClientInterceptor
	serverStats  []stats.Handler
	clientStats  []stats.Handler
	cloner       inprocgrpc.Cloner
}

// NewChain returns the chain of everything that the options add, in their
// order. NewChain(base, more) extends base and leaves base as it was, also when
// several goroutines extend one base.
//
// It panics if an option is nil.
func NewChain(opts ...Option) Chain { return newChain("NewChain", opts) }

func newChain(function string, opts []Option) Chain {
	var c Chain
	for i, opt := range opts {
		mustNotBeNil(function, "option", i, opt == nil)
		opt.apply(&c)
	}
	return c
}

func (c Chain) apply(to *Chain) {
	WithUnaryServerInterceptors(c.unaryServer...).apply(to)
	WithStreamServerInterceptors(c.streamServer...).apply(to)
	WithUnaryClientInterceptors(c.unaryClient...).apply(to)
	WithStreamClientInterceptors(c.streamClient...).apply(to)
	WithServerStatsHandlers(c.serverStats...).apply(to)
	WithClientStatsHandlers(c.clientStats...).apply(to)
	if c.cloner != nil {
		to.cloner = c.cloner
	}
}

// ServerOptions returns the server side of the chain for [grpc.NewServer]. Add
// the server's own options before or after them: grpc-go chains interceptors
// and stats handlers in the order of its options.
func (c Chain) ServerOptions() []grpc.ServerOption {
	var opts []grpc.ServerOption
	for _, handler := range c.serverStats {
		opts = append(opts, grpc.StatsHandler(handler))
	}
	if len(c.unaryServer) > 0 {
		opts = append(opts, grpc.ChainUnaryInterceptor(c.unaryServer...))
	}
	if len(c.streamServer) > 0 {
		opts = append(opts, grpc.ChainStreamInterceptor(c.streamServer...))
	}
	return opts
}

// DialOptions returns the client side of the chain for [grpc.NewClient]. Add
// the client's own options, such as its credentials, before or after them.
func (c Chain) DialOptions() []grpc.DialOption {
	var opts []grpc.DialOption
	for _, handler := range c.clientStats {
		opts = append(opts, grpc.WithStatsHandler(handler))
	}
	if len(c.unaryClient) > 0 {
		opts = append(opts, grpc.WithChainUnaryInterceptor(c.unaryClient...))
	}
	if len(c.streamClient) > 0 {
		opts = append(opts, grpc.WithChainStreamInterceptor(c.streamClient...))
	}
	return opts
}

// UnaryServerInterceptor returns the chain's unary server interceptors as one,
// for an API that takes just one. It is nil if there are none. Stats handlers
// are no part of it.
func (c Chain) UnaryServerInterceptor() grpc.UnaryServerInterceptor {
	return fold.UnaryServer(c.unaryServer)
}

// StreamServerInterceptor returns the chain's stream server interceptors as
// one, for an API that takes just one. It is nil if there are none. Stats
// handlers are no part of it.
func (c Chain) StreamServerInterceptor() grpc.StreamServerInterceptor {
	return fold.StreamServer(c.streamServer)
}

// UnaryClientInterceptor returns the chain's unary client interceptors as one,
// for an API that takes just one. It is nil if there are none. Stats handlers
// are no part of it.
func (c Chain) UnaryClientInterceptor() grpc.UnaryClientInterceptor {
	return fold.UnaryClient(c.unaryClient)
}

// StreamClientInterceptor returns the chain's stream client interceptors as
// one, for an API that takes just one. It is nil if there are none. Stats
// handlers are no part of it.
func (c Chain) StreamClientInterceptor() grpc.StreamClientInterceptor {
	return fold.StreamClient(c.streamClient)
}

// String tells who runs, in order, for unary RPCs and beside it for streaming
// ones, on each side: what to log when an interceptor seems not to run. The
// names are those of the functions, as their packages call them, and the types
// of stats handlers. The text is for people and may change.
func (c Chain) String() string {
	return names.Table("client", c.unaryClient, c.streamClient, c.clientStats) +
		names.Table("server", c.unaryServer, c.streamServer, c.serverStats)
}

// MultiRegistrar returns a registrar that registers each service with all the
// given ones, in order: register once, serve on a network and in-process.
//
//	pb.RegisterFlagsServer(inprocchain.MultiRegistrar(server, channel), flags)
//
// It panics if a registrar is nil or if there is none, since a service would
// then be registered nowhere. What RegisterService panics with, or calls
// log.Fatal for, is the registrars' own.
func MultiRegistrar(registrars ...grpc.ServiceRegistrar) grpc.ServiceRegistrar {
	if len(registrars) == 0 {
		misuse("MultiRegistrar", "no registrar is given; a service would be served nowhere")
	}
	for i, registrar := range registrars {
		mustNotBeNil("MultiRegistrar", "registrar", i, registrar == nil)
	}
	return multiRegistrar(append([]grpc.ServiceRegistrar(nil), registrars...))
}

type multiRegistrar []grpc.ServiceRegistrar

func (m multiRegistrar) RegisterService(desc *grpc.ServiceDesc, impl any) {
	for _, registrar := range m {
		registrar.RegisterService(desc, impl)
	}
}
