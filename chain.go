package inprocchain

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/stats"

	"github.com/inprocchain/inprocchain/internal/fold"
	"github.com/inprocchain/inprocchain/internal/names"
)

// A Chain is an ordered list of the interceptors and stats handlers that run for each
// RPC, on both sides. Make one and use it for the network server, the network client
// and the [Channel], so that the three stay the same.
//
// A Chain never changes. It may be copied and used concurrently. The zero Chain is
// empty and ready to use. A Chain is an [Option], so that one can extend another.
type Chain struct {
	unaryServer  []grpc.UnaryServerInterceptor
	streamServer []grpc.StreamServerInterceptor
	unaryClient  []grpc.UnaryClientInterceptor
	streamClient []grpc.StreamClientInterceptor
	serverStats  []stats.Handler
	clientStats  []stats.Handler
	callOptions  []grpc.CallOption
	userAgent    string
	maxRecvSize  *int // nil without a limit

	// A network ignores these.
	cloner  inprocgrpc.Cloner
	shared  bool // messages
	addr    net.Addr
	peer    func(context.Context) *peer.Peer
	remotes []remote
}

// NewChain returns a chain to which the options have been applied, in their order.
// NewChain(base, more) extends base and does not change it.
//
// It panics if an option is nil.
func NewChain(opts ...Option) Chain { return newChain("NewChain", opts) }

func newChain(function string, opts []Option) Chain {
	var c Chain
	for i, opt := range opts {
		mustNotBeNil(function, "option", i, isNil(opt))
		opt.apply(&c)
	}
	return c
}

func (c Chain) apply(to *Chain) {
	c.applyClientSide(to)
	WithUnaryServerInterceptors(c.unaryServer...).apply(to)
	WithStreamServerInterceptors(c.streamServer...).apply(to)
	WithServerStatsHandlers(c.serverStats...).apply(to)
	to.maxRecvSize = cmp.Or(c.maxRecvSize, to.maxRecvSize)
	if c.cloner != nil {
		to.cloner = c.cloner
	}
	to.shared = to.shared || c.shared
	if c.addr != nil {
		to.addr = c.addr
	}
	if c.peer != nil {
		to.peer = c.peer
	}
	for _, r := range c.remotes {
		to.remotes = withRemote(to.remotes, r)
	}
}

// applyClientSide adds what DialOptions contains.
func (c Chain) applyClientSide(to *Chain) {
	WithUnaryClientInterceptors(c.unaryClient...).apply(to)
	WithStreamClientInterceptors(c.streamClient...).apply(to)
	WithClientStatsHandlers(c.clientStats...).apply(to)
	WithDefaultCallOptions(c.callOptions...).apply(to)
	to.userAgent = cmp.Or(c.userAgent, to.userAgent)
}

// ServerOptions returns the server side of the chain for [grpc.NewServer]. Add the
// server's own options before or after them: grpc-go chains interceptors and stats
// handlers in the order of its options.
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
	if c.maxRecvSize != nil {
		opts = append(opts, grpc.MaxRecvMsgSize(*c.maxRecvSize))
	}
	return opts
}

// DialOptions returns the client side of the chain for [grpc.NewClient]. Add the
// client's own options, such as its credentials, before or after them.
func (c Chain) DialOptions() []grpc.DialOption {
	opts := c.dialOptionsOfTarget()
	if len(c.unaryClient) > 0 {
		opts = append(opts, grpc.WithChainUnaryInterceptor(c.unaryClient...))
	}
	if len(c.streamClient) > 0 {
		opts = append(opts, grpc.WithChainStreamInterceptor(c.streamClient...))
	}
	if len(c.callOptions) > 0 {
		opts = append(opts, grpc.WithDefaultCallOptions(c.callOptions...))
	}
	return opts
}

// dialOptionsOfTarget returns the part of DialOptions that runs inside the client
// interceptors and default call options.
func (c Chain) dialOptionsOfTarget() []grpc.DialOption {
	var opts []grpc.DialOption
	for _, handler := range c.clientStats {
		opts = append(opts, grpc.WithStatsHandler(handler))
	}
	if c.userAgent != "" {
		opts = append(opts, grpc.WithUserAgent(c.userAgent))
	}
	return opts
}

// UnaryServerInterceptor returns the chain's unary server interceptors as one, for an
// API that takes only one. It returns nil if there are none. Stats handlers are not
// included.
func (c Chain) UnaryServerInterceptor() grpc.UnaryServerInterceptor {
	return fold.UnaryServer(c.unaryServer)
}

// StreamServerInterceptor returns the chain's stream server interceptors as one, for
// an API that takes only one. It returns nil if there are none. Stats handlers are
// not included.
func (c Chain) StreamServerInterceptor() grpc.StreamServerInterceptor {
	return fold.StreamServer(c.streamServer)
}

// UnaryClientInterceptor returns the chain's unary client interceptors as one, for an
// API that takes only one. It returns nil if there are none. Stats handlers are not
// included.
func (c Chain) UnaryClientInterceptor() grpc.UnaryClientInterceptor {
	return fold.UnaryClient(c.unaryClient)
}

// StreamClientInterceptor returns the chain's stream client interceptors as one, for
// an API that takes only one. It returns nil if there are none. Stats handlers are
// not included.
func (c Chain) StreamClientInterceptor() grpc.StreamClientInterceptor {
	return fold.StreamClient(c.streamClient)
}

// LogValue returns the text of String, so that loggers of package log/slog print it, also
// those that encode JSON.
func (c Chain) LogValue() slog.Value { return slog.StringValue(c.String()) }

// String lists what runs on each side, in order: for unary RPCs and, next to it, for
// streaming RPCs. Print it when an interceptor seems not to run. The text is for
// people and may change.
//
// An interceptor has the name of its function, or of the function that returned it. A
// stats handler has the name of its type. Each name begins with the last element of
// the package's path, or with as many elements as tell the packages in the list apart,
// as in interceptors/auth.UnaryServerInterceptor. If a method returned the interceptor,
// its receiver is added, as in interceptors.UnaryServerInterceptor for *ServerMetrics.
// Different functions that have the same name, such as two closures of one function, are
// followed by file and line.
//
// Below it are the other options. Call options have the names of their types, because their
// values may be secret.
func (c Chain) String() string {
	sides := []names.Side{
		names.Side{
			Title:         "client",
			Unary:         names.Functions(c.unaryClient),
			Stream:        names.Functions(c.streamClient),
			StatsHandlers: names.Types(c.clientStats),
			Settings:      c.clientSettings(),
		},
		names.Side{
			Title:              "server",
			Unary:              names.Functions(c.unaryServer),
			Stream:             names.Functions(c.streamServer),
			StatsHandlers:      names.Types(c.serverStats),
			StatsHandlersFirst: true,
			Settings:           c.serverSettings(),
		},
	}
	if settings := c.channelSettings(); len(settings) > 0 {
		sides = append(sides, names.Side{Title: "in-process", Settings: settings})
	}
	return names.List(sides...)
}

func (c Chain) clientSettings() (all []names.Setting) {
	if len(c.callOptions) > 0 {
		all = append(all, names.Setting{What: "call options", Names: names.Types(c.callOptions)})
	}
	if c.userAgent != "" {
		all = append(all, names.Setting{What: "user agent", Text: c.userAgent})
	}
	return all
}

func (c Chain) serverSettings() (all []names.Setting) {
	if c.maxRecvSize != nil {
		all = append(all, names.Setting{What: "largest request", Text: fmt.Sprint(*c.maxRecvSize, " bytes")})
	}
	return all
}

// channelSettings returns what a network ignores.
func (c Chain) channelSettings() (all []names.Setting) {
	if c.addr != nil {
		all = append(all, names.Setting{What: "address", Text: c.addr.String()})
	}
	if c.cloner != nil {
		all = append(all, names.Setting{What: "cloner", Names: names.Types([]inprocgrpc.Cloner{c.cloner})})
	}
	if c.shared {
		all = append(all, names.Setting{What: "messages", Text: "shared"})
	}
	if c.peer != nil {
		all = append(all, names.Setting{What: "peer", Names: names.Functions([]func(context.Context) *peer.Peer{c.peer})})
	}
	for _, r := range c.remotes {
		all = append(all, names.Setting{What: "remote", Text: r.String()})
	}
	return all
}

// clientChain returns the chain of another client of the services that run base. Chains among
// opts give what their DialOptions contain.
func clientChain(function string, opts []Option, base Chain) Chain {
	var c Chain
	for i, opt := range opts {
		mustNotBeNil(function, "option", i, isNil(opt))
		switch opt := opt.(type) {
		case Chain:
			opt.applyClientSide(&c)
		case *Chain:
			opt.applyClientSide(&c)
		default:
			opt.apply(&c)
		}
	}
	if c.belongsToServices() {
		misuse(function, "an option belongs to the services or to the Channel: a server interceptor, a server stats handler, a limit, an address, a cloner or a remote service; pass it to New or Wrap")
	}
	c.unaryServer, c.streamServer, c.serverStats = base.unaryServer, base.streamServer, base.serverStats
	c.maxRecvSize, c.cloner, c.addr, c.remotes = base.maxRecvSize, base.cloner, base.addr, base.remotes
	return c
}

// belongsToServices reports whether the chain has anything that all clients share.
func (c Chain) belongsToServices() bool {
	return len(c.unaryServer)+len(c.streamServer)+len(c.serverStats)+len(c.remotes) > 0 ||
		c.maxRecvSize != nil || c.cloner != nil || c.addr != nil
}

// address returns the address of a Channel with the chain.
func (c Chain) address() net.Addr {
	if c.addr == nil {
		return defaultAddr{}
	}
	return c.addr
}

// defaultAddr is the address of a Channel without WithAddr.
type defaultAddr struct{}

func (defaultAddr) Network() string { return "inproc" }

func (defaultAddr) String() string { return "inproc" }
