// Package transport is what lies between the caller and the handler of an RPC:
// the channel of the picture in inprocchain's doc.go. It gives both sides what
// grpc-go's transport would give them.
//
// The two halves of one RPC, client.go and server.go, share a struct: a unaryRPC
// or a streamRPC. What has been registered with us is called by us (handle.go):
// inprocgrpc's way to a handler takes longer than all the rest of an RPC
// (BenchmarkUnary, on=below). What has been registered below, on the
// [inprocgrpc.Channel], that alone can call: the client then puts the struct into
// its context, and the server finds it there. A server that finds none was
// reached past our client, through the inprocgrpc.Channel itself, and answers as
// inprocgrpc does.
//
// The messages of a stream go from half to half in queues of ours: inprocgrpc's
// hold one message, so that a client that sends a few before it receives one
// would wait for ever, which it does not on a network.
package transport

import (
	"context"
	"sync/atomic"

	"github.com/fullstorydev/grpchan/inprocgrpc"
)

// Name is the network and the address of both ends, and the authority.
const Name = "inproc"

// Addr is the [net.Addr] of both ends.
type Addr struct{}

// Network returns [Name].
func (Addr) Network() string { return Name }

// String returns [Name].
func (Addr) String() string { return Name }

// A link is how the server's half finds the client's: each RPC is, to its
// handler's context, the client's, so that it costs nothing more.
type link struct {
	context.Context
	claimed atomic.Bool
}

// Err returns no error of the caller's own, which a network would not carry.
func (l *link) Err() error {
	switch err := l.Context.Err(); err {
	case nil, context.DeadlineExceeded:
		return err
	default:
		return context.Canceled
	}
}

type linkKey struct{}

// claim returns the RPC that ctx, the context of a handler that inprocgrpc has
// called, belongs to, if any. There is one handler to an RPC, so it is found once:
// one that makes RPCs of its own with its client's context does not answer in this
// one's place.
func claim[RPC interface{ claim() bool }](ctx context.Context) (rpc RPC, ok bool) {
	client := inprocgrpc.ClientContext(ctx)
	if client == nil {
		return rpc, false
	}
	found, ok := client.Value(linkKey{}).(RPC)
	if !ok || !found.claim() {
		return rpc, false
	}
	return found, true
}

func (l *link) claim() bool { return !l.claimed.Swap(true) }
