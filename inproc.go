package inprocchain

import (
	"context"
	"fmt"

	"github.com/fullstorydev/grpchan"
	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"

	"github.com/inprocchain/inprocchain/internal/fold"
	"github.com/inprocchain/inprocchain/internal/observe"
	"github.com/inprocchain/inprocchain/internal/rpc"
)

var (
	_ grpc.ServiceRegistrar     = (*Channel)(nil)
	_ grpchan.WrappedClientConn = (*Channel)(nil)
)

// A Channel is an in-process gRPC channel that runs a [Chain]. Services are
// registered on it, and generated clients call them through it. [Channel.NewServer] serves
// the same services on a network.
//
// Use [New] or [Wrap] to make a Channel; the methods of the zero Channel panic. All
// methods except RegisterService may be called concurrently.
type Channel struct {
	services *services
	client   *Client
}

// New returns a Channel that runs the chain of the options, in their order.
//
// It panics if an option is nil, and if [grpc.NewClient] refuses the target or the options of
// a [WithRemoteTarget].
func New(opts ...Option) *Channel {
	return compose("New", &inprocgrpc.Channel{}, newChain("New", opts))
}

// Wrap returns a Channel that runs the chain of the options for the services of
// ch: those that are registered on ch already, and those that are registered later
// on either of the two. An RPC made on ch itself also runs the server side of the
// chain. Call Wrap before the first RPC on ch.
//
// Wrap panics where New does, and if ch is nil. It also panics if ch has an
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
	for _, r := range chain.remotes {
		r.mustBeDialable(function, chain)
	}
	maxRecvSize := -1
	if chain.maxRecvSize != nil {
		maxRecvSize = *chain.maxRecvSize
	}
	server := rpc.NewServer(ch, rpc.ServerConfig{
		Handlers:    handlers,
		Stats:       observe.Combine(chain.serverStats),
		UnaryChain:  fold.UnaryServer(chain.unaryServer),
		StreamChain: fold.StreamServer(chain.streamServer),
		Addr:        chain.address(),
		Cloner:      chain.cloner,
		MaxRecvSize: maxRecvSize,
	})
	c := &Channel{services: &services{inproc: ch, server: server}}
	c.client = newClient(chain, c.services, nil)
	if len(chain.remotes) > 0 {
		c.services.add(c.client)
	}
	return c
}

// NewServer returns a network server that runs the server side of the Channel's chain, and
// then opts, and on which every service of the Channel is registered. So each service of the
// Channel, and each server interceptor and stats handler of its chain, is on the network, too.
// The caller serves on it and stops it. It may be called several times.
//
// Register every service before: RegisterService of the Channel panics afterwards, because the
// network would not have the service. RegisterService of the result, and of what InProcess
// returns, do not: they register a service on one side only.
//
// It panics if an option is nil, and where InProcess does.
func (c *Channel) NewServer(opts ...grpc.ServerOption) *grpc.Server {
	c.mustBeMade("NewServer")
	c.mustHaveItsHooks("NewServer")
	for i, opt := range opts {
		mustNotBeNil("NewServer", "option", i, isNil(opt))
	}
	c.services.setNetwork()
	server := grpc.NewServer(append(c.client.chain.ServerOptions(), opts...)...)
	c.services.server.ForEachService(server.RegisterService)
	return server
}

// NewClient returns another client of the services, like a second call of [grpc.NewClient]
// for the same server. It has the client interceptors, client stats handlers, default call
// options, user agent and peer of opts, and none of the Channel's. A [Chain] among opts adds
// what its DialOptions contain, so pass the Channel's chain for the same interceptors and
// stats handlers. Stats handlers see the client as another connection. Its address, cloner
// and remote services are those of the Channel.
//
// It panics if an option is nil, or if one that is not in a Chain belongs to the services or
// the Channel, such as a server interceptor or an address.
func (c *Channel) NewClient(opts ...Option) *Client {
	c.mustBeMade("NewClient")
	c.mustHaveItsHooks("NewClient")
	chain := clientChain("NewClient", opts, c.client.chain)
	client := newClient(chain, c.services, rpc.NewClientConn())
	if len(chain.remotes) > 0 {
		c.services.add(client)
	}
	return client
}

// Invoke makes a unary RPC, as [grpc.ClientConn.Invoke] does. Generated clients
// call it.
//
// Its error is nil or a status. The caller may reuse the request once Invoke
// returns, even after a timeout. A nil request is an empty message.
func (c *Channel) Invoke(ctx context.Context, method string, req, reply any, opts ...grpc.CallOption) error {
	c.mustBeMade("Invoke")
	return c.client.Invoke(ctx, method, req, reply, opts...)
}

// NewStream makes a streaming RPC, as [grpc.ClientConn.NewStream] does. The caller must
// end the stream in one of the ways that are listed there. Generated clients call it.
//
// Its error, and the errors of the stream's methods, are statuses, or [io.EOF] where
// the stream ends without an error. The caller may reuse a message once SendMsg returns.
func (c *Channel) NewStream(ctx context.Context, desc *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	c.mustBeMade("NewStream")
	return c.client.NewStream(ctx, desc, method, opts...)
}

// ClientConn returns a real [*grpc.ClientConn] whose RPCs run on this Channel,
// client interceptors included. It is for APIs that accept nothing else, such as
// grpc-gateway's Register…Handler functions. The first call makes it, with its goroutines,
// and later calls return the same one. It becomes Ready by itself, without dialing.
//
// Closing it closes it for every holder: RPCs on it, including those in flight, get
// Canceled, as on a network. RPCs on the Channel itself continue. [Channel.Shutdown]
// and [Channel.Close] close it. [Unwrap] cannot look through it: keep the Channel.
func (c *Channel) ClientConn() *grpc.ClientConn {
	c.mustBeMade("ClientConn")
	return c.client.ClientConn()
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
	return c.client.chain
}

// String names the address, the services and the chain of the Channel. The text is for people
// and may change.
func (c *Channel) String() string {
	if c == nil || c.services == nil {
		return "inprocchain.Channel(none)"
	}
	return "inprocchain.Channel " + c.client.text()
}

// Shutdown refuses new RPCs with Unavailable, however they are made, and waits for
// those in flight. It cancels no RPC. When all have ended, it tells stats handlers of the ends of
// connections, closes every client and returns nil. While it waits, a handler in flight may make RPCs on the
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
	c.services.closeClients()
	return nil
}

// Close refuses new RPCs, as Shutdown does, and cancels those in flight: the contexts
// of their handlers end with [context.Canceled], and their callers get Unavailable.
// It waits until the handlers have returned, and stats handlers from ConnEnd, and closes
// every client.
// Call it instead of Shutdown, or after a Shutdown that has returned an error.
//
// It always returns nil. It may be called any number of times, and concurrently. A
// handler must not call it, because it would wait for itself.
func (c *Channel) Close() error {
	c.mustBeMade("Close")
	c.services.server.Close()
	c.services.closeClients()
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
