package inprocchain

import (
	"context"
	"fmt"
	"reflect"
	"sync/atomic"

	"github.com/fullstorydev/grpchan"
	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"

	"github.com/inprocchain/inprocchain/internal/clientconn"
	"github.com/inprocchain/inprocchain/internal/fold"
	"github.com/inprocchain/inprocchain/internal/observe"
	"github.com/inprocchain/inprocchain/internal/rpc"
)

var (
	_ grpc.ServiceRegistrar     = (*Channel)(nil)
	_ grpchan.WrappedClientConn = (*Channel)(nil)
)

// A Channel is an in-process gRPC channel that runs a [Chain]. Services are
// registered on it, and generated clients call them through it.
//
// Use [New] or [Wrap] to make a Channel; the methods of the zero Channel panic. All
// methods except RegisterService may be called concurrently.
type Channel struct {
	chain    Chain
	services *services     // shared with the Channels that NewClient returns
	client   *rpc.Client   // the end of the client interceptors
	fallback *rpc.Fallback // nil if there is none
	invoker  grpc.UnaryInvoker
	streamer grpc.Streamer
	conn     atomic.Pointer[clientconn.Conn] // made when it is first needed
}

// New returns a Channel that runs the chain of the options, in their order.
//
// It panics if an option is nil.
func New(opts ...Option) *Channel {
	return compose("New", &inprocgrpc.Channel{}, newChain("New", opts))
}

// Wrap returns a Channel that runs the chain of the options for the services of
// ch: those that are registered on ch already, and those that are registered later
// on either of the two. An RPC made on ch itself also runs the server side of the
// chain. Call Wrap before the first RPC on ch.
//
// Wrap panics if ch is nil or if an option is nil. It also panics if ch has an
// interceptor, a stats handler or a chain already, because that would be replaced:
// pass everything to one Wrap instead. If ch has a cloner, Wrap panics unless
// [WithCloner] replaces it.
func Wrap(ch *inprocgrpc.Channel, opts ...Option) *Channel {
	if ch == nil {
		misuse("Wrap", "ch is nil; call New for a new channel")
	}
	chain := newChain("Wrap", opts)
	if rpc.HasChain(ch) {
		misuse("Wrap", "ch already has a chain, from New or an earlier Wrap; pass everything to one Wrap, or call NewClient on the Channel that it returned")
	}
	for _, hook := range rpc.Hooks {
		isReplaced := hook.Option == "WithCloner" && chain.cloner != nil
		if !isReplaced && isSet(ch, hook) {
			misuse("Wrap", "ch already has %s, which would be replaced; pass everything to one Wrap, with %s, and do not call ch.%s", hook.What, hook.Option, hook.Method)
		}
	}
	return compose("Wrap", ch, chain)
}

// isSet reports whether ch has the given hook set.
func isSet(ch *inprocgrpc.Channel, hook rpc.Hook) bool {
	value, ok := hook.Of(ch)
	if !ok {
		misuse("Wrap", "inprocgrpc.Channel has no field %s in this version of grpchan, so Wrap cannot check whether ch already has a chain; use another version, or New", hook.Field)
	}
	return !value.IsNil()
}

// compose builds a Channel with the layers that the package comment shows.
func compose(function string, ch *inprocgrpc.Channel, chain Chain) *Channel {
	handlers := rpc.HandlersOf(ch)
	if handlers == nil {
		misuse(function, "inprocgrpc.Channel has no field handlers of type grpchan.HandlerMap in this version of grpchan, so its services cannot be called; use another version")
	}
	server := rpc.NewServer(ch, rpc.ServerConfig{
		Handlers:    handlers,
		Stats:       observe.Combine(chain.serverStats),
		UnaryChain:  fold.UnaryServer(chain.unaryServer),
		StreamChain: fold.StreamServer(chain.streamServer),
		Addr:        chain.address(),
		Cloner:      chain.cloner,
	})
	return newClient(chain, &services{inproc: ch, server: server})
}

// newClient returns a client of the services with the client side of chain.
func newClient(chain Chain, s *services) *Channel {
	client := rpc.NewClient(s.server, rpc.ClientConfig{
		Addr:      chain.address(),
		UserAgent: chain.userAgent,
		Stats:     observe.Combine(chain.clientStats),
		Cloner:    chain.cloner,
	})
	var fallback *rpc.Fallback
	if chain.fallback != nil {
		fallback = rpc.NewFallback(s.server, chain.fallback)
	}
	return &Channel{
		chain:    chain,
		services: s,
		client:   client,
		fallback: fallback,
		invoker:  fold.UnaryInvoker(chain.unaryClient, client.Invoke),
		streamer: fold.Streamer(chain.streamClient, client.NewStream),
	}
}

// NewClient returns another client of the same services, like a second call of
// [grpc.NewClient] for the same server. The new Channel has the client interceptors,
// client stats handlers, default call options and user agent of opts, and none of c's.
// It has its own [Channel.ClientConn], and stats handlers see it as another connection.
// Its address, cloner and fallback are those of c, unless opts has others.
//
// RegisterService, Shutdown and Close act on the services, so it does not matter on which
// client they are called. A client cannot be closed alone. Make a client once and keep it,
// because the services may hold its resources until Shutdown or Close.
//
// It panics if an option is nil or belongs to the server side: the services have
// theirs already.
func (c *Channel) NewClient(opts ...Option) *Channel {
	c.mustBeMade("NewClient")
	c.mustHaveItsHooks("NewClient")
	chain := newChain("NewClient", opts)
	if chain.hasServerSide() {
		misuse("NewClient", "an option adds a server interceptor or a server stats handler, which belongs to the services; pass it to New or Wrap")
	}
	return newClient(chain.withServicesOf(c.chain), c.services)
}

// Invoke makes a unary RPC, as [grpc.ClientConn.Invoke] does. Generated clients
// call it.
//
// Its error is nil or a status. The caller may reuse the request once Invoke
// returns, even after a timeout. A nil request is an empty message.
func (c *Channel) Invoke(ctx context.Context, method string, req, reply any, opts ...grpc.CallOption) error {
	c.mustBeMade("Invoke")
	if c.fallback != nil && c.fallback.Serves(method) {
		return c.fallback.Invoke(ctx, method, req, reply, opts...)
	}
	return c.invoker(ctx, method, req, reply, c.connFor(len(c.chain.unaryClient)), c.withDefaults(opts)...)
}

// NewStream makes a streaming RPC, as [grpc.ClientConn.NewStream] does. The caller must
// end the stream in one of the ways that are listed there. Generated clients call it.
//
// Its error, and the errors of the stream's methods, are statuses, or [io.EOF] where
// the stream ends without an error. The caller may reuse a message once SendMsg returns.
func (c *Channel) NewStream(ctx context.Context, desc *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	c.mustBeMade("NewStream")
	if c.fallback != nil && c.fallback.Serves(method) {
		return c.fallback.NewStream(ctx, desc, method, opts...)
	}
	return c.streamer(ctx, desc, c.connFor(len(c.chain.streamClient)), method, c.withDefaults(opts)...)
}

// withDefaults returns the default call options and then opts, as combine of
// grpc-go's call.go does. The result has no spare capacity, so each client interceptor may
// append to it.
func (c *Channel) withDefaults(opts []grpc.CallOption) []grpc.CallOption {
	defaults := c.chain.callOptions
	if len(defaults) == 0 {
		return opts
	}
	combined := make([]grpc.CallOption, len(defaults)+len(opts))
	copy(combined, defaults)
	copy(combined[len(defaults):], opts)
	return combined
}

// RegisterService registers a service and its implementation. Generated code calls
// it.
//
// It panics if desc or impl is nil, if impl does not implement the service, and if
// a service of that name is registered already. Register every service before the
// first RPC, as with a [grpc.Server]: RegisterService panics after it, because RPCs look
// up services without a lock. It also panics if a With… method of the result of
// [Channel.InProcess] has replaced a part of the chain.
func (c *Channel) RegisterService(desc *grpc.ServiceDesc, impl any) {
	c.mustBeMade("RegisterService")
	c.mustHaveItsHooks("RegisterService")
	if desc == nil {
		misuse("RegisterService", "desc is nil; pass the ServiceDesc of the generated code")
	}
	if isNil(impl) {
		misuse("RegisterService", "impl of %s is nil; pass the implementation of the service", desc.ServiceName)
	}
	if desc.HandlerType == nil {
		misuse("RegisterService", "the HandlerType of %s is nil; set it to a pointer to the interface that impl implements", desc.ServiceName)
	}
	if wanted := reflect.TypeOf(desc.HandlerType).Elem(); !reflect.TypeOf(impl).Implements(wanted) {
		misuse("RegisterService", "impl of %s is a %T, which does not implement %v", desc.ServiceName, impl, wanted)
	}
	if c.services.server.IsUsed() {
		misuse("RegisterService", "%s is registered after the first RPC; register every service before it", desc.ServiceName)
	}
	if _, ok := c.services.inproc.GetServiceInfo()[desc.ServiceName]; ok {
		misuse("RegisterService", "%s is registered already; register each service once", desc.ServiceName)
	}
	c.services.server.Register(desc, impl)
}

// GetServiceInfo returns the services that are registered, by name. It makes the
// Channel a reflection.GRPCServer, on which server reflection can be registered.
func (c *Channel) GetServiceInfo() map[string]grpc.ServiceInfo {
	c.mustBeMade("GetServiceInfo")
	return c.services.inproc.GetServiceInfo()
}

// Unwrap returns the underlying [*inprocgrpc.Channel]. The functions [Unwrap] and [As]
// call it to look through layers. RPCs made on the result do not run the client side of
// the chain.
func (c *Channel) Unwrap() grpc.ClientConnInterface {
	c.mustBeMade("Unwrap")
	return c.services.inproc
}

// InProcess returns the underlying [*inprocgrpc.Channel], for APIs that accept nothing
// else. RPCs made on it run the server side of the chain, but not the client side.
//
// Do not call the With… methods of the result, because they replace a part of the chain.
// After such a call InProcess panics and every RPC fails with Internal, so that an
// application that has lost its authentication does not serve.
func (c *Channel) InProcess() *inprocgrpc.Channel {
	c.mustBeMade("InProcess")
	c.mustHaveItsHooks("InProcess")
	return c.services.inproc
}

// Chain returns the chain that the Channel runs.
func (c *Channel) Chain() Chain {
	c.mustBeMade("Chain")
	return c.chain
}

// Shutdown refuses new RPCs with Unavailable, however they are made, and waits for
// those in flight. It cancels no RPC. When all have ended, it closes the ClientConn of
// every client and returns nil. While it waits, a handler in flight may make RPCs on the
// same services with its own context, so that it can finish its work.
//
// If ctx ends first, the error wraps that of ctx and names the methods in flight
// with the number of their RPCs. New RPCs are still refused. Call Shutdown again to
// wait longer, or Close to cancel the RPCs.
//
// It may be called any number of times, and concurrently. A handler must not call
// it, because it would wait for itself.
func (c *Channel) Shutdown(ctx context.Context) error {
	c.mustBeMade("Shutdown")
	if err := c.services.server.Shutdown(ctx); err != nil {
		return fmt.Errorf("inprocchain: Shutdown: %w", err)
	}
	c.services.closeClientConns()
	return nil
}

// Close refuses new RPCs, as Shutdown does, and cancels those in flight: the contexts
// of their handlers end with [context.Canceled], and their callers get Unavailable.
// It waits until the handlers have returned, and closes the ClientConn of every client.
// Call it instead of Shutdown, or after a Shutdown that has returned an error.
//
// It always returns nil. It may be called any number of times, and concurrently. A
// handler must not call it, because it would wait for itself.
func (c *Channel) Close() error {
	c.mustBeMade("Close")
	c.services.server.Close()
	c.services.closeClientConns()
	return nil
}

// mustBeMade panics for a Channel that neither New nor Wrap has made.
func (c *Channel) mustBeMade(method string) {
	if c == nil || c.services == nil {
		misuse("Channel."+method, "the Channel is nil or zero; make it with New or Wrap")
	}
}

// mustHaveItsHooks panics if somebody has replaced a part of the chain of the underlying
// inprocgrpc.Channel.
func (c *Channel) mustHaveItsHooks(method string) {
	if hook := c.services.server.Replaced(); hook != nil {
		misuse(method, "%s", hook.Text())
	}
}
