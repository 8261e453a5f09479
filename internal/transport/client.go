package transport

import (
	"context"
	"io"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	"github.com/inprocchain/inprocchain/internal/clone"
)

// A Client makes RPCs on an in-process channel: the caller's half.
type Client struct {
	ch      *inprocgrpc.Channel
	cloner  clone.Cloner
	methods methods
	server  *Server
	peer    peer.Peer // the handler, as inprocgrpc tells of it

	// For the handlers that are called by us.
	values    context.Context // of every handler's context
	clientKey any             // what inprocgrpc.ClientContext looks for
}

// NewClient returns the client of ch, on which the server is installed.
func NewClient(ch *inprocgrpc.Channel, cloner clone.Cloner, server *Server) *Client {
	c := &Client{
		ch:        ch,
		cloner:    cloner,
		methods:   methods{ch: ch, ours: byKind{{}, {}}},
		server:    server,
		clientKey: clientContextKey(),
	}
	// It tells its peer first, and then that there is no request.
	_ = ch.Invoke(context.Background(), "/", nil, nil, grpc.Peer(&c.peer))
	c.values = handlerValues(c.peer)
	return c
}

// Register has the client call the handlers of a service itself. It must be
// registered on the channel, too, and no RPC may have been made.
func (c *Client) Register(desc *grpc.ServiceDesc, impl any) { c.methods.register(desc, impl) }

// Used reports whether an RPC has been made.
func (c *Client) Used() bool { return c.methods.known.Load() != nil }

// CheckUnary refuses what grpc-go refuses before it tells anybody of an RPC:
// metadata that cannot be sent, and a context that has ended.
func CheckUnary(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	if err := check(ctx, opts); err != nil {
		onFinish(opts, err)
		return err
	}
	return invoker(ctx, method, req, reply, cc, opts...)
}

// CheckStream is to streaming RPCs what [CheckUnary] is to unary ones.
func CheckStream(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	if err := check(ctx, opts); err != nil {
		onFinish(opts, err)
		return nil, err
	}
	return streamer(ctx, desc, cc, method, opts...)
}

func check(ctx context.Context, opts []grpc.CallOption) error {
	if md, ok := metadata.FromOutgoingContext(ctx); ok {
		if err := validate(md); err != nil {
			return err
		}
	}
	if ctx.Err() != nil {
		return contextStatus(ctx)
	}
	if conn := newCall(opts).conn; conn != nil && conn.Err() != nil {
		return ErrConnClosing
	}
	return nil
}

// A unaryRPC is what the halves of a unary RPC share. To inprocgrpc, where that
// calls the handler, it is the request, the response, and what to receive the
// response into, so that our cloner knows what it copies.
type unaryRPC struct {
	link
	client  *Client
	request clone.Owned

	// The server's own.
	handlerContext handlerContext
	observer       RequestObserver // may be nil
	decoded        bool
	decodeErr      error
	copied         bool // the response is a copy

	// The server writes these before it answers, the client reads them after.
	answer   answer
	response any
	err      error
	ended    bool

	// The client's own.
	call     call
	reply    any
	size     int // of the reply
	opened   bool
	answered bool
}

func (rpc *unaryRPC) Value(key any) any {
	if key == (linkKey{}) {
		return rpc
	}
	return rpc.Context.Value(key)
}

// Invoke is the [grpc.UnaryInvoker] at the end of the client's interceptors.
func (c *Client) Invoke(ctx context.Context, method string, req, reply any, _ *grpc.ClientConn, opts ...grpc.CallOption) error {
	rpc := &unaryRPC{client: c, call: newCall(opts), reply: reply}
	rpc.answer.method = method
	err := rpc.run(ctx, req)
	header, sent := rpc.answer.sentHeader()
	if rpc.opened {
		rpc.call.deliver(&c.peer, header, sent, rpc.trailer())
	}
	if rpc.call.observer != nil {
		rpc.observeEnd(rpc.call.observer, header, sent, err)
	}
	onFinish(opts, err)
	rpc.release()
	return err
}

// release lets go of what would otherwise be kept with the handler's context.
func (rpc *unaryRPC) release() {
	rpc.reply, rpc.call = nil, call{}
	if rpc.answered { // otherwise the handler may still be at them
		rpc.request, rpc.response = clone.Owned{}, nil
	}
}

func (rpc *unaryRPC) run(ctx context.Context, req any) error {
	c, call, method := rpc.client, &rpc.call, rpc.answer.method
	sent, header, err := requestMetadata(ctx, method, call.creds())
	if err != nil {
		return err
	}
	rpc.opened = true
	if call.observer != nil {
		call.observer.OutHeader(&c.peer, sent)
	}
	if err := c.cloner.Clone(&rpc.request, req); err != nil {
		return err
	}
	size := call.sizeOf(&rpc.request)
	if err := call.checkSend(size); err != nil {
		return err
	}
	if call.observer != nil {
		call.observer.OutPayload(req, size)
	}
	found, err := c.methods.find(method, unaryMethod)
	if err != nil {
		rpc.answered = true
		return err
	}
	if call.conn != nil {
		var leave func()
		ctx, leave = call.join(ctx)
		defer leave()
	}
	c.server.Gate.Enter() // until the response is copied
	defer c.server.Gate.Leave()
	rpc.Context = ctx
	if found.unary != nil {
		err = rpc.handle(found, header)
	} else {
		rpc.Context = withHeader(ctx, sent, header)
		err = c.ch.Invoke(rpc, method, rpc, rpc)
	}
	switch {
	case rpc.answered:
		return rpc.err
	case ctx.Err() != nil:
		return contextStatus(ctx)
	case err == io.EOF:
		return ErrNoAnswer
	}
	err = handlerError(err) // of a handler that calls no interceptor
	return arrival(err, withDetails(nil, err))
}

// trailer returns that of an RPC that has been answered.
func (rpc *unaryRPC) trailer() metadata.MD {
	if !rpc.answered {
		return nil
	}
	return rpc.answer.trailer
}

func (rpc *unaryRPC) observeEnd(o Observer, header metadata.MD, sent bool, err error) {
	if sent {
		o.InHeader(header)
	}
	if err == nil {
		o.InPayload(rpc.reply, rpc.size)
	}
	if rpc.answered {
		o.InTrailer(rpc.answer.trailer)
	}
	o.End(rpc.trailer(), err)
}

// receive makes the reply what the server answered. It must have ended.
func (rpc *unaryRPC) receive() error {
	rpc.answered = true
	if rpc.err != nil {
		return rpc.err
	}
	if rpc.call.asksForSizes() {
		rpc.size = clone.Size(rpc.response)
	}
	if err := rpc.call.checkReceived(rpc.size); err != nil {
		return err
	}
	return rpc.client.cloner.Copy(rpc.reply, rpc.response)
}
