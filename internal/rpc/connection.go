package rpc

import (
	"context"
	"net"
	"strings"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/stats"

	"github.com/inprocchain/inprocchain/internal/observe"
	"github.com/inprocchain/inprocchain/internal/wire"
)

// A connection is what the network connection of a client to its server would be:
// both ends' addresses, what stats handlers are told of it, and what is the same
// for all RPCs on it.
type connection struct {
	addr    net.Addr
	peer    peer.Peer
	request wire.Request

	clientStats stats.Handler // nil if there is none
	serverStats stats.Handler // nil if there is none
	outHeader   stats.OutHeader

	once      sync.Once
	clientCtx context.Context // of the client's connection events
	serverCtx context.Context // of the server's connection events; RPCs derive from it
	values    context.Context // of the context of a handler without metadata of its own
}

func newConnection(addr net.Addr, userAgent string, authInfo credentials.AuthInfo, clientStats, serverStats stats.Handler) *connection {
	request := wire.Request{
		Authority:   wire.AuthorityOf(addr.String()),
		ContentType: wire.ContentType(""),
		UserAgent:   strings.TrimPrefix(userAgent+" grpc-go/"+grpc.Version, " "),
	}
	return &connection{
		addr:        addr,
		peer:        peer.Peer{Addr: addr, LocalAddr: addr, AuthInfo: authInfo},
		request:     request,
		clientStats: clientStats,
		serverStats: serverStats,
		outHeader:   observe.OutHeader(addr, request.Authority),
	}
}

// begin tells stats handlers of the connection, before its first RPC.
func (c *connection) begin(s *Server) { c.once.Do(func() { c.beginOnce(s) }) }

func (c *connection) beginOnce(s *Server) {
	ctx := peer.NewContext(context.Background(), &c.peer)
	c.clientCtx = observe.BeginConn(ctx, c.clientStats, c.addr, true)
	c.serverCtx = observe.BeginConn(ctx, c.serverStats, c.addr, false)
	c.values = metadata.NewIncomingContext(c.serverCtx, c.request.Header())
	if c.clientStats != nil || c.serverStats != nil {
		s.addConnection(c)
	}
}

// end tells stats handlers that the connection has ended.
func (c *connection) end() {
	observe.EndConn(c.clientCtx, c.clientStats, true)
	observe.EndConn(c.serverCtx, c.serverStats, false)
}

// valuesWith returns the values of the context of a handler whose RPC has the
// header.
func (c *connection) valuesWith(header metadata.MD) context.Context {
	return metadata.NewIncomingContext(c.values, header)
}
