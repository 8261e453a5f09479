package transport

import (
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain/internal/clone"
)

// An Observer is told how an RPC goes on, by the client's half of it, in the
// order and at the moments in which grpc-go tells a client's stats handler.
type Observer interface {
	OutHeader(to *peer.Peer, header metadata.MD)
	OutPayload(message any, size int)
	InHeader(header metadata.MD)
	InPayload(message any, size int)
	InTrailer(trailer metadata.MD)
	End(trailer metadata.MD, err error)
}

// Observe is the call option that an interceptor passes on to observe the RPC.
type Observe struct {
	grpc.EmptyCallOption
	Observer Observer
}

// A call is the options of an RPC.
type call struct {
	opts     []grpc.CallOption
	observer Observer // may be nil
	creds    credentials.PerRPCCredentials
	maxSend  *int
	maxRecv  *int
}

func newCall(opts []grpc.CallOption) call {
	c := call{opts: opts}
	for _, opt := range opts {
		switch opt := opt.(type) {
		case Observe:
			c.observer = opt.Observer
		case grpc.PerRPCCredsCallOption:
			c.creds = opt.Creds
		case grpc.MaxSendMsgSizeCallOption:
			c.maxSend = &opt.MaxSendMsgSize
		case grpc.MaxRecvMsgSizeCallOption:
			c.maxRecv = &opt.MaxRecvMsgSize
		}
	}
	return c
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

// sizeOf spares who asks for no sizes their cost.
func (c *call) sizeOf(message any) int {
	if c.observer == nil && c.maxSend == nil && c.maxRecv == nil {
		return 0
	}
	return clone.Size(message)
}

// The texts are those of grpc-go's stream.go (SendMsg) and rpc_util.go (recvMsg).

func (c *call) checkSend(size int) error {
	if c.maxSend != nil && size > *c.maxSend {
		return status.Errorf(codes.ResourceExhausted, "trying to send message larger than max (%d vs. %d)", size, *c.maxSend)
	}
	return nil
}

func (c *call) checkReceived(size int) error {
	if c.maxRecv != nil && size > *c.maxRecv {
		return status.Errorf(codes.ResourceExhausted, "grpc: received message larger than max (%d vs. %d)", size, *c.maxRecv)
	}
	return nil
}
