package transport

import (
	"context"
	"math"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain/internal/clone"
)

// An Observer is told how an RPC goes on, by the client's half of it, in the
// order and at the moments in which grpc-go tells a client's stats handler. An
// interceptor passes it on as a call option.
type Observer interface {
	grpc.CallOption
	OutHeader(to *peer.Peer, header metadata.MD)
	OutPayload(message any, size int)
	InHeader(header metadata.MD)
	InPayload(message any, size int)
	InTrailer(trailer metadata.MD)
	End(trailer metadata.MD, err error)
}

// OnConn is the call option of an RPC on a connection: it ends, with
// ErrConnClosing, when the connection is not open any more.
type OnConn struct {
	grpc.EmptyCallOption
	Open context.Context
}

// A call is the options of an RPC. Most have none, so what is rare is looked for
// when it is needed.
type call struct {
	opts     []grpc.CallOption
	observer Observer        // may be nil
	conn     context.Context // nil if the RPC is on no connection
}

func newCall(opts []grpc.CallOption) call {
	c := call{opts: opts}
	for _, opt := range opts {
		switch opt := opt.(type) {
		case Observer:
			c.observer = opt
		case OnConn:
			c.conn = opt.Open
		}
	}
	return c
}

// join returns a context for the RPC alone, which ends with its connection, too,
// if there is one, or when leave is called.
func (c *call) join(ctx context.Context) (_ context.Context, leave func()) {
	if c.conn == nil {
		return context.WithCancel(ctx)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(c.conn, func() { cancel(ErrConnClosing) })
	return ctx, func() {
		stop()
		cancel(nil)
	}
}

func (c *call) creds() (creds credentials.PerRPCCredentials) {
	for _, opt := range c.opts {
		if opt, ok := opt.(grpc.PerRPCCredsCallOption); ok {
			creds = opt.Creds
		}
	}
	return creds
}

// limits returns what a message sent and one received may measure at most. As
// in grpc-go, the last option of a kind holds.
func (c *call) limits() (send, receive int, limited bool) {
	send, receive = math.MaxInt, math.MaxInt
	for _, opt := range c.opts {
		switch opt := opt.(type) {
		case grpc.MaxSendMsgSizeCallOption:
			send, limited = opt.MaxSendMsgSize, true
		case grpc.MaxRecvMsgSizeCallOption:
			receive, limited = opt.MaxRecvMsgSize, true
		}
	}
	return send, receive, limited
}

// deliver sets what grpc.Peer, grpc.Header and grpc.Trailer point to.
func (c *call) deliver(from *peer.Peer, header metadata.MD, headerSent bool, trailer metadata.MD) {
	for _, opt := range c.opts {
		switch opt := opt.(type) {
		case grpc.PeerCallOption:
			*opt.PeerAddr = *from
		case grpc.HeaderCallOption:
			*opt.HeaderAddr = nil
			if headerSent {
				*opt.HeaderAddr = header.Copy()
			}
		case grpc.TrailerCallOption:
			*opt.TrailerAddr = trailer.Copy()
		}
	}
}

// onFinish calls what grpc.OnFinish was given.
func onFinish(opts []grpc.CallOption, err error) {
	for _, opt := range opts {
		if opt, ok := opt.(grpc.OnFinishCallOption); ok {
			opt.OnFinish(err)
		}
	}
}

// asksForSizes spares who does not their cost.
func (c *call) asksForSizes() bool {
	_, _, limited := c.limits()
	return limited || c.observer != nil
}

// sizeOf returns 0 if nobody asks.
func (c *call) sizeOf(message *clone.Owned) int {
	if !c.asksForSizes() {
		return 0
	}
	return message.Size()
}

// The texts are those of grpc-go's stream.go (SendMsg) and rpc_util.go (recvMsg).

func (c *call) checkSend(size int) error {
	if limit, _, _ := c.limits(); size > limit {
		return status.Errorf(codes.ResourceExhausted, "trying to send message larger than max (%d vs. %d)", size, limit)
	}
	return nil
}

func (c *call) checkReceived(size int) error {
	if _, limit, _ := c.limits(); size > limit {
		return status.Errorf(codes.ResourceExhausted, "grpc: received message larger than max (%d vs. %d)", size, limit)
	}
	return nil
}
