package inprocchain

import (
	"context"
	"fmt"
	"net"
	"slices"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/stats"
)

// An Option adds to a [Chain]. Options are applied in the order in which they are
// given. Options for interceptors, stats handlers and default call options add to the end
// of a list, so they may be given any number of times. Of the other options, the
// last one of each kind takes effect.
//
// A Chain is an Option too: it adds everything that it holds.
//
// An Option may be used for any number of chains, concurrently.
type Option interface {
	apply(*Chain)
}

type optionFunc func(*Chain)

func (f optionFunc) apply(c *Chain) { f(c) }

// WithUnaryServerInterceptors adds interceptors of unary RPCs on the server side,
// first to last. The first one is the outermost, as with
// [grpc.ChainUnaryInterceptor].
//
// It panics if an interceptor is nil. Passing none is allowed.
func WithUnaryServerInterceptors(interceptors ...grpc.UnaryServerInterceptor) Option {
	return adding("WithUnaryServerInterceptors", "interceptor", interceptors, func(c *Chain) *[]grpc.UnaryServerInterceptor { return &c.unaryServer })
}

// WithStreamServerInterceptors adds interceptors of streaming RPCs on the server
// side, first to last. The first one is the outermost, as with
// [grpc.ChainStreamInterceptor].
//
// It panics if an interceptor is nil. Passing none is allowed.
func WithStreamServerInterceptors(interceptors ...grpc.StreamServerInterceptor) Option {
	return adding("WithStreamServerInterceptors", "interceptor", interceptors, func(c *Chain) *[]grpc.StreamServerInterceptor { return &c.streamServer })
}

// WithUnaryClientInterceptors adds interceptors of unary RPCs on the client side,
// first to last. The first one is the outermost, as with
// [grpc.WithChainUnaryInterceptor].
//
// The *grpc.ClientConn that an interceptor receives is never nil, and RPCs made on it pass the
// client's interceptors. In-process it is that of [Channel.ClientConn] or [Client.ClientConn]
// if somebody has called that. Otherwise it has no goroutines, and its state is Shutdown.
//
// It panics if an interceptor is nil. Passing none is allowed.
func WithUnaryClientInterceptors(interceptors ...grpc.UnaryClientInterceptor) Option {
	return adding("WithUnaryClientInterceptors", "interceptor", interceptors, func(c *Chain) *[]grpc.UnaryClientInterceptor { return &c.unaryClient })
}

// WithStreamClientInterceptors adds interceptors of streaming RPCs on the client
// side, first to last. The first one is the outermost, as with
// [grpc.WithChainStreamInterceptor].
//
// The *grpc.ClientConn that an interceptor receives is never nil, and RPCs made on it pass the
// client's interceptors. In-process it is that of [Channel.ClientConn] or [Client.ClientConn]
// if somebody has called that. Otherwise it has no goroutines, and its state is Shutdown.
//
// It panics if an interceptor is nil. Passing none is allowed.
func WithStreamClientInterceptors(interceptors ...grpc.StreamClientInterceptor) Option {
	return adding("WithStreamClientInterceptors", "interceptor", interceptors, func(c *Chain) *[]grpc.StreamClientInterceptor { return &c.streamClient })
}

// WithServerStatsHandlers adds stats handlers on the server side. They are called in
// order, as with [grpc.StatsHandler] given several times, outside the server
// interceptors, so they also see the RPCs that an interceptor refuses.
//
// In-process, a Channel counts as one connection, and so does each of its clients. TagConn and
// ConnBegin come before its first RPC, and ConnEnd when the Channel has been shut down or the
// client closed. The contexts of RPCs derive from the one that TagConn returns.
//
// It panics if a handler is nil. Passing none is allowed.
func WithServerStatsHandlers(handlers ...stats.Handler) Option {
	return adding("WithServerStatsHandlers", "handler", handlers, func(c *Chain) *[]stats.Handler { return &c.serverStats })
}

// WithClientStatsHandlers adds stats handlers on the client side. They are called in
// order, as with [grpc.WithStatsHandler] given several times, inside the client
// interceptors: if an interceptor calls its invoker twice, they see two RPCs.
//
// In-process, a Channel counts as one connection, and so does each of its clients. TagConn and
// ConnBegin come before its first RPC, and ConnEnd when the Channel has been shut down or the
// client closed.
//
// It panics if a handler is nil. Passing none is allowed.
func WithClientStatsHandlers(handlers ...stats.Handler) Option {
	return adding("WithClientStatsHandlers", "handler", handlers, func(c *Chain) *[]stats.Handler { return &c.clientStats })
}

// WithDefaultCallOptions adds call options to each RPC, before the RPC's own options, as
// with [grpc.WithDefaultCallOptions]. Client interceptors see them. For most kinds of
// option, the last one takes effect, so the RPC's own options take precedence.
//
// It panics if an option is nil. Passing none is allowed.
func WithDefaultCallOptions(opts ...grpc.CallOption) Option {
	return adding("WithDefaultCallOptions", "option", opts, func(c *Chain) *[]grpc.CallOption { return &c.callOptions })
}

// WithUserAgent sets the beginning of the user-agent header, as with [grpc.WithUserAgent].
// The name and version of grpc-go follow it. Access and audit logs can tell clients apart
// by it. An empty name changes nothing.
func WithUserAgent(name string) Option {
	return optionFunc(func(c *Chain) {
		if name != "" {
			c.userAgent = name
		}
	})
}

// WithCloner sets the cloner that copies messages between caller and handler
// in-process. Use it for messages that are not protobuf messages, or that must be copied
// in a special way. It has no effect on a network.
//
// Without it, generated protobuf messages are copied deeply, field by field. Other
// messages are encoded and decoded by the codec named "proto", as on a network.
//
// The cloner is called concurrently. WithCloner panics if cloner is nil.
func WithCloner(cloner inprocgrpc.Cloner) Option {
	if isNil(cloner) {
		misuse("WithCloner", "cloner is nil; leave the option out for protobuf messages")
	}
	return optionFunc(func(c *Chain) { c.cloner = cloner })
}

// WithSharedMessages has a client and its handlers share what messages point to, instead of
// copying it. The time of an RPC then does not grow with its messages, unless stats handlers
// or size limits ask for their size.
//
// Use it only if all code on both sides, interceptors included, keeps this contract: each side
// has its own struct; what it points to is shared and never changes again, on either side, not
// even after the RPC. Setting a field of one's own message is allowed, and so is sending the
// message again. Writing to a map, sorting a slice or changing a nested message is not: change a
// copy that [proto.Clone] makes. A handler may still read its request after its caller has
// returned because of a timeout. A program that is built with the race detector checks a
// part of the contract, and panics with the method, the message and the field.
//
// The option applies to generated messages that have the same Go type on both sides. Other
// messages, and those with a codec in their call options, are sent as without it.
//
// It is an option of a client: of the Channel's own, or of [Channel.NewClient]. So a Channel may
// have clients that share and clients that copy. It has no effect on a network, on
// [Channel.InProcess] and on RPCs to remote services.
func WithSharedMessages() Option {
	return optionFunc(func(c *Chain) { c.shared = true })
}

// WithAddr sets the address of the Channel. It is the address of the peer on both sides,
// the address in stats events, the :authority header, and what follows inproc:/// in the
// target of [Channel.ClientConn]. It has no effect on a network.
//
// Without it, the network and the address are both "inproc". Pass a [*net.TCPAddr]
// for middleware that expects an IP address, such as go-grpc-middleware's realip.
//
// It panics if addr is nil.
func WithAddr(addr net.Addr) Option {
	if isNil(addr) {
		misuse("WithAddr", "addr is nil; leave the option out for the default address")
	}
	return optionFunc(func(c *Chain) { c.addr = addr })
}

// WithServerMaxRecvMsgSize limits the size of the messages that handlers receive, in encoded
// bytes, as [grpc.MaxRecvMsgSize] does. A larger message ends its RPC with ResourceExhausted.
// Behind a REST gateway the sender is a stranger, so the limit matters in-process, too.
//
// Without it, a network server has grpc-go's limit of 4 MiB, and a Channel has none. A message
// that is not a protobuf message, which only a cloner knows, has no size.
//
// It panics if n is negative.
func WithServerMaxRecvMsgSize(n int) Option {
	if n < 0 {
		misuse("WithServerMaxRecvMsgSize", "n is %d; pass the size of the largest message in bytes", n)
	}
	return optionFunc(func(c *Chain) { c.maxRecvSize = &n })
}

// WithPeer sets what handlers of a client's RPCs find with [peer.FromContext]. f gets the
// context with which the RPC is made, on the goroutine of its caller, and returns the peer,
// which is copied; nil means the usual one. A peer without an Addr gets that of the Channel.
//
// A gateway passes the address and the TLS state of its HTTP client, and a module of an
// application an AuthInfo of a type that nobody on a network can have. f must not trust what
// clients can send, such as metadata.
//
// It is an option of a client: of the Channel's own, or of [Channel.NewClient]. It has no
// effect on a network, on [Channel.InProcess] and on RPCs to remote services. What the caller
// gets from [grpc.Peer] stays as it is.
//
// It panics if f is nil. f is called concurrently.
func WithPeer(f func(ctx context.Context) *peer.Peer) Option {
	if f == nil {
		misuse("WithPeer", "f is nil; leave the option out for the usual peer")
	}
	return optionFunc(func(c *Chain) { c.peer = f })
}

// WithRemote sets the connection for RPCs whose service is not registered on the Channel. It
// is for connections that choose where an RPC goes, and for other Channels; for a service at
// an address use [WithRemoteTarget].
//
// The client interceptors and default call options of each client run for these RPCs too, and
// then whatever conn itself runs. So dial conn with the chain's stats handlers and user agent,
// and without its interceptors. Credentials of conn, other than transport credentials, would be
// sent for every client.
//
// An unknown method of a registered service does not go to conn. [Channel.Shutdown] and
// [Channel.Close] also apply to RPCs on conn, but they do not close conn. An RPC that comes
// back to the Channel that has sent it to conn fails with Internal. The option has no effect
// on a network.
//
// It panics if conn is nil.
func WithRemote(conn grpc.ClientConnInterface) Option {
	if isNil(conn) {
		misuse("WithRemote", "conn is nil; leave the option out if all services are registered on the Channel")
	}
	return optionFunc(func(c *Chain) { c.remotes = withRemote(c.remotes, remote{conn: conn}) })
}

// WithRemoteTarget sends the RPCs for the named services to target, as [grpc.NewClient] names
// it, and those for all services that are not registered on the Channel if services is nil. So
// a service can move to another process without a change of its callers.
//
// The client interceptors and default call options of each client run for these RPCs too. Each
// client of the Channel dials target by itself, at its first RPC for it, with its own stats
// handlers and user agent and then opts, which must have transport credentials. The library
// closes these connections, when the client or the Channel is closed.
//
// It may be given several times; if two name a service, the last one takes effect. It has no
// effect on a network.
//
// It panics if target or a service is empty, and [New] panics if [grpc.NewClient] refuses
// target or opts. A target whose address cannot be reached fails RPCs with Unavailable.
func WithRemoteTarget(target string, services []string, opts ...grpc.DialOption) Option {
	if target == "" {
		misuse("WithRemoteTarget", "target is empty; pass the address of a server that has the services")
	}
	if services != nil && len(services) == 0 {
		misuse("WithRemoteTarget", "services is empty; pass names of services, or nil for all that are not registered on the Channel")
	}
	for i, service := range services {
		if service == "" {
			misuse("WithRemoteTarget", "service %d is empty; pass its full name, as in flags.v1.Flags", i)
		}
	}
	for i, opt := range opts {
		mustNotBeNil("WithRemoteTarget", "option", i, isNil(opt))
	}
	to := remote{target: target, services: slices.Clone(services), dialOptions: slices.Clone(opts)}
	return optionFunc(func(c *Chain) { c.remotes = withRemote(c.remotes, to) })
}

// adding returns an option that adds to a list of a chain. It makes a new list each
// time, because chains share their lists.
func adding[T any](function, argument string, given []T, list func(*Chain) *[]T) Option {
	for i, one := range given {
		mustNotBeNil(function, argument, i, isNil(one))
	}
	given = slices.Clone(given)
	return optionFunc(func(c *Chain) { *list(c) = slices.Concat(*list(c), given) })
}

func mustNotBeNil(function, argument string, index int, isNil bool) {
	if isNil {
		misuse(function, "%s %d is nil; leave it out", argument, index)
	}
}

// misuse panics for a mistake in the construction of a program, which no caller could
// handle.
func misuse(function, format string, args ...any) {
	panic("inprocchain: " + function + ": " + fmt.Sprintf(format, args...))
}
