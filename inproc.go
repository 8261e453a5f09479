package inprocchain

import (
	"context"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/fullstorydev/grpchan"
	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"

	"github.com/inprocchain/inprocchain/internal/clone"
	"github.com/inprocchain/inprocchain/internal/conn"
	"github.com/inprocchain/inprocchain/internal/fold"
	"github.com/inprocchain/inprocchain/internal/observe"
	"github.com/inprocchain/inprocchain/internal/transport"
)

var (
	_ grpc.ServiceRegistrar     = (*Channel)(nil)
	_ grpchan.WrappedClientConn = (*Channel)(nil)
)

// A Channel is an in-process gRPC channel with a [Chain] on it: services are
// registered on it, and generated clients call them through it. To everyone who
// watches, an RPC on it is what it would be on a network.
//
// Make one with [New] or [Wrap]. All its methods may be called concurrently,
// but for RegisterService.
type Channel struct {
	chain    Chain
	inproc   *inprocgrpc.Channel
	client   *transport.Client
	server   *transport.Server
	invoker  grpc.UnaryInvoker
	streamer grpc.Streamer

	existing atomic.Pointer[conn.Conn] // made on first need
	mu       sync.Mutex                // guards the making of it, and
	shut     bool
}

// New returns a Channel that runs the chain of all the options, in their order.
//
// It panics if an option is nil.
func New(opts ...Option) *Channel {
	return compose(&inprocgrpc.Channel{}, newChain("New", opts))
}

// Wrap puts the chain of the options onto a channel that exists already, with
// the services registered on it, before and after. RPCs made on ch itself then
// run the handler side of the chain, too. Call it before the first RPC on ch, and
// register on the Channel what can be: it calls those handlers itself, in less
// time than ch does.
//
// It panics if ch is nil or already carries an interceptor, a stats handler or
// a chain of ours, since that would be lost: pass them all to one Wrap. It also
// panics if ch carries a cloner and no [WithCloner] is given.
func Wrap(ch *inprocgrpc.Channel, opts ...Option) *Channel {
	if ch == nil {
		misuse("Wrap", "ch is nil; call New for a new channel")
	}
	chain := newChain("Wrap", opts)
	for _, carried := range []struct{ field, what, option string }{
		{"unaryInterceptor", "a unary server interceptor", "WithUnaryServerInterceptors"},
		{"streamInterceptor", "a stream server interceptor", "WithStreamServerInterceptors"},
		{"serverStatsHandler", "a server stats handler", "WithServerStatsHandlers"},
		{"clientStatsHandler", "a client stats handler", "WithClientStatsHandlers"},
	} {
		if carries(ch, carried.field) {
			misuse("Wrap", "ch already carries %s, which would be lost; pass everything to one Wrap, with %s", carried.what, carried.option)
		}
	}
	if chain.cloner == nil && carries(ch, "cloner") {
		misuse("Wrap", "ch already carries a cloner, which would be lost; pass it to Wrap, with WithCloner")
	}
	return compose(ch, chain)
}

// carries reads what inprocgrpc tells nobody.
func carries(ch *inprocgrpc.Channel, field string) bool {
	value := reflect.ValueOf(ch).Elem().FieldByName(field)
	if !value.IsValid() {
		misuse("Wrap", "inprocgrpc.Channel has no field %s in this version of grpchan, so what it carries cannot be seen; use another version, or New", field)
	}
	return !value.IsNil()
}

// compose builds the picture in doc.go, outside in.
func compose(ch *inprocgrpc.Channel, chain Chain) *Channel {
	c := &Channel{chain: chain, inproc: ch}
	cloner := clone.Cloner{User: chain.cloner}

	c.server = &transport.Server{
		UnaryChain:  fold.UnaryServer(chain.unaryServer),
		StreamChain: fold.StreamServer(chain.streamServer),
	}
	if len(chain.serverStats) > 0 {
		c.server.ObserveUnary = observe.UnaryServer(chain.serverStats)
		c.server.ObserveStream = observe.StreamServer(chain.serverStats)
	}
	ch.WithServerUnaryInterceptor(c.server.Unary)
	ch.WithServerStreamInterceptor(c.server.Stream)
	ch.WithCloner(&transport.Cloner{Cloner: cloner})

	c.client = transport.NewClient(ch, cloner, c.server)
	unaryClient := append(slices.Clone(chain.unaryClient), transport.CheckUnary)
	streamClient := append(slices.Clone(chain.streamClient), transport.CheckStream)
	if len(chain.clientStats) > 0 {
		unaryClient = append(unaryClient, observe.UnaryClient(chain.clientStats))
		streamClient = append(streamClient, observe.StreamClient(chain.clientStats))
	}
	c.invoker = fold.UnaryInvoker(unaryClient, c.client.Invoke)
	c.streamer = fold.Streamer(streamClient, c.client.NewStream)
	return c
}

// Invoke makes a unary RPC, as [grpc.ClientConn.Invoke] does. Generated clients
// call it.
//
// Its error is nil or a status. The request is the caller's again when Invoke
// has returned, in time or not. A nil request is an empty message.
func (c *Channel) Invoke(ctx context.Context, method string, req, reply any, opts ...grpc.CallOption) error {
	return c.invoker(ctx, method, req, reply, c.connFor(len(c.chain.unaryClient)), opts...)
}

// NewStream makes a streaming RPC, as [grpc.ClientConn.NewStream] does, whose
// rules for ending the stream apply. Generated clients call it.
//
// Its error, and those of the stream's methods, are statuses, or io.EOF where
// the stream ends well. A message is the caller's again when SendMsg has
// returned.
func (c *Channel) NewStream(ctx context.Context, desc *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	return c.streamer(ctx, desc, c.connFor(len(c.chain.streamClient)), method, opts...)
}

// connFor spares who has no client interceptors the ClientConn.
func (c *Channel) connFor(interceptors int) *grpc.ClientConn {
	if interceptors == 0 {
		return nil
	}
	return c.ClientConn()
}

// RegisterService registers a service and its implementation. Generated code
// calls it.
//
// It panics if desc or impl is nil, if a service of that name is registered
// already, if impl does not implement it, and after the first RPC, since RPCs
// read without a lock what it writes: register everything first, as with a
// [grpc.Server].
func (c *Channel) RegisterService(desc *grpc.ServiceDesc, impl any) {
	if desc == nil {
		misuse("RegisterService", "desc is nil")
	}
	if impl == nil {
		misuse("RegisterService", "impl of %s is nil", desc.ServiceName)
	}
	if c.client.Used() || c.server.Served() {
		misuse("RegisterService", "%s is registered after the first RPC; register every service before it", desc.ServiceName)
	}
	if _, ok := c.inproc.GetServiceInfo()[desc.ServiceName]; ok {
		misuse("RegisterService", "%s is registered already; a service has one implementation", desc.ServiceName)
	}
	c.inproc.RegisterService(desc, impl)
	c.client.Register(desc, impl)
}

// GetServiceInfo returns the services that are registered, by name, so that
// server reflection may be registered on the Channel, too.
func (c *Channel) GetServiceInfo() map[string]grpc.ServiceInfo { return c.inproc.GetServiceInfo() }

// Unwrap returns the channel below, an [*inprocgrpc.Channel], for the function
// [Unwrap] and others that follow layers. An RPC made on it misses the caller's
// side of the chain.
func (c *Channel) Unwrap() grpc.ClientConnInterface { return c.inproc }

// InProcess returns the channel below, for APIs that take no other. RPCs made
// on it run the handler side of the chain and miss the caller's.
func (c *Channel) InProcess() *inprocgrpc.Channel { return c.inproc }

// Chain returns the chain that the Channel runs.
func (c *Channel) Chain() Chain { return c.chain }

// ClientConn returns a real [*grpc.ClientConn] whose RPCs run on this Channel,
// client interceptors included, for APIs that take nothing else, such as
// grpc-gateway's Register…Handler. It is made when it is first asked for, and
// it is always the same one.
//
// Whoever has it may close it, which closes it for all that have it: RPCs on it,
// those in flight too, then get Canceled, as on a network; those on the Channel
// itself go on. [Channel.Shutdown] closes it. Nothing is dialled, so its
// connectivity state says nothing.
func (c *Channel) ClientConn() *grpc.ClientConn {
	if existing := c.existing.Load(); existing != nil {
		return existing.ClientConn
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if existing := c.existing.Load(); existing != nil {
		return existing.ClientConn
	}
	made, err := conn.New(c)
	if err != nil {
		// grpc.NewClient refuses options, and these are always the same.
		panic("inprocchain: ClientConn: " + err.Error())
	}
	if c.shut {
		made.Retire()
	}
	c.existing.Store(made)
	return made.ClientConn
}

// Shutdown refuses new RPCs with Unavailable, however they are made, and waits
// for those in flight; then it closes the ClientConn. If ctx ends first it
// returns the error of ctx, and RPCs go on to be refused: call it again to wait
// again. It cancels no RPC.
//
// It may be called any number of times, concurrently too. It waits for
// handlers, so a handler that calls it waits for itself.
func (c *Channel) Shutdown(ctx context.Context) error {
	if err := c.server.Gate.Drain(ctx); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.shut = true
	if existing := c.existing.Load(); existing != nil {
		existing.Retire()
	}
	return nil
}
