package transport

import (
	"context"
	"io"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	"github.com/inprocchain/inprocchain/internal/clone"
	"github.com/inprocchain/inprocchain/internal/drain"
)

// A Client makes RPCs on an in-process channel: the caller's half.
type Client struct {
	ch      *inprocgrpc.Channel
	cloner  clone.Cloner
	methods methods
	gate    *drain.Gate
	peer    peer.Peer // inprocgrpc's own, the handler
}

// NewClient returns the client of ch, whose RPCs go through the gate.
func NewClient(ch *inprocgrpc.Channel, cloner clone.Cloner, gate *drain.Gate) *Client {
	c := &Client{ch: ch, cloner: cloner, methods: methods{ch: ch}, gate: gate}
	// It tells its peer first, and then that there is no request.
	_ = ch.Invoke(context.Background(), "/", nil, nil, grpc.Peer(&c.peer))
	return c
}

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

// A unaryRPC is what the halves of a unary RPC share. To inprocgrpc it is the
// request, the response, and what to receive the response into, so that our
// cloner knows what it copies.
type unaryRPC struct {
	link
	client  *Client
	request clone.Owned

	// The server writes these before it answers, the client reads them after.
	answer   answer
	response any
	err      error
	late     bool // the client had gone by then
	context  handlerContext

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
	if rpc.opened {
		rpc.deliver()
	}
	if rpc.call.observer != nil {
		rpc.observeEnd(rpc.call.observer, err)
	}
	onFinish(opts, err)
	return err
}

func (rpc *unaryRPC) run(ctx context.Context, req any) error {
	c, call, method := rpc.client, &rpc.call, rpc.answer.method
	ctx, header, err := withRequestMetadata(ctx, method, call.creds())
	if err != nil {
		return err
	}
	rpc.opened = true
	if call.observer != nil {
		call.observer.OutHeader(&c.peer, header)
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
	if err := c.methods.check(method, unaryMethod); err != nil {
		rpc.answered = true
		return err
	}
	if call.conn != nil {
		var leave func()
		ctx, leave = call.join(ctx)
		defer leave()
	}
	c.gate.Enter() // until the response is copied
	defer c.gate.Leave()
	rpc.Context = ctx
	err = c.ch.Invoke(rpc, method, rpc, rpc)
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

func (rpc *unaryRPC) deliver() {
	if !rpc.answered {
		rpc.call.deliver(&rpc.client.peer, nil, false, nil)
		return
	}
	rpc.call.deliver(&rpc.client.peer, rpc.answer.header, rpc.answer.headerSent, rpc.answer.trailer)
}

func (rpc *unaryRPC) observeEnd(o Observer, err error) {
	if !rpc.answered {
		o.End(nil, err)
		return
	}
	if rpc.answer.headerSent {
		o.InHeader(rpc.answer.header)
	}
	if err == nil {
		o.InPayload(rpc.reply, rpc.size)
	}
	o.InTrailer(rpc.answer.trailer)
	o.End(rpc.answer.trailer, err)
}

// receive makes the reply what the server answered.
func (rpc *unaryRPC) receive() error {
	if rpc.late {
		return nil // run tells of the context
	}
	rpc.answered = true
	if rpc.err != nil {
		return rpc.err
	}
	rpc.size = rpc.call.sizeOf(rpc.response)
	if err := rpc.call.checkReceived(rpc.size); err != nil {
		return err
	}
	return rpc.client.cloner.Copy(rpc.reply, rpc.response)
}
