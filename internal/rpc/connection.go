package rpc

import (
	"context"
	"net"
	"strings"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/stats"

	"github.com/inprocchain/inprocchain/internal/observe"
	"github.com/inprocchain/inprocchain/internal/wire"
)

// A connection is what the network connection of a client to its server would be: both
// ends' addresses, what stats handlers are told of it, and what is the same for all RPCs on
// it.
type connection struct {
	server     *Server
	addr       net.Addr
	request    wire.Request // without metadata of an RPC
	header     metadata.MD  // of request
	clientPeer peer.Peer    // as the client sees the server

	clientStats stats.Handler // nil if there is none
	outHeader   stats.OutHeader

	// Stats handlers set these when the connection begins. They are read afterwards.
	clientCtx  context.Context // of the client's connection events
	serverCtx  context.Context // of the server's connection events; RPCs derive from it
	serverPeer peer.Peer       // as handlers see the client

	begun chan struct{} // closed when it has begun

	mu        sync.Mutex // guards the fields below
	isStarted bool       // It begins, or has begun.
	isEnding  bool       // end has been called.
}

func newConnection(s *Server, addr net.Addr, userAgent string, clientStats stats.Handler) *connection {
	c := &connection{
		server: s,
		addr:   addr,
		request: wire.Request{
			Authority:   wire.AuthorityOf(addr.String()),
			ContentType: wire.ContentType(""),
			UserAgent:   strings.TrimPrefix(userAgent+" grpc-go/"+grpc.Version, " "),
		},
		clientPeer:  peer.Peer{Addr: addr, LocalAddr: addr, AuthInfo: s.authInfo},
		clientStats: clientStats,
		begun:       make(chan struct{}),
	}
	c.header = c.request.Header()
	c.serverPeer = c.clientPeer
	c.outHeader = observe.OutHeader(addr, c.request.Authority)
	c.clientCtx, c.serverCtx = c.contextOfEnd(), c.contextOfEnd()
	return c
}

// contextOfEnd returns the context of one end of the connection.
func (c *connection) contextOfEnd() context.Context {
	p := c.clientPeer
	return peer.NewContext(context.Background(), &p)
}

// begin tells stats handlers of the connection before its first RPC, on a goroutine of its
// own, and waits for that no longer than the context of call. The error is a status.
func (c *connection) begin(call *clientCall) error {
	if c.clientStats == nil && c.server.stats == nil || c.hasBegun() {
		return nil
	}
	if !c.start() {
		return nil // The server has been shut down or the client closed, and open refuses the RPC.
	}
	select {
	case <-c.begun:
		return nil
	case <-c.server.closing:
		return errClosed
	case <-call.clientConn().done():
		return wire.ErrClientConnClosing
	case <-call.ctx.Done():
		return call.contextStatus()
	}
}

func (c *connection) hasBegun() bool {
	select {
	case <-c.begun:
		return true
	default:
		return false
	}
}

func (c *connection) start() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.isStarted && !c.isEnding && c.server.addConnection(c) {
		c.isStarted = true
		go runInOrder(c.tellClientBegin, c.tellServerBegin, c.setBegun)
	}
	return c.isStarted
}

func (c *connection) tellClientBegin() {
	c.clientCtx = observe.BeginConn(c.clientCtx, c.clientStats, c.addr, true)
}

func (c *connection) tellServerBegin() {
	c.serverCtx = observe.BeginConn(c.serverCtx, c.server.stats, c.addr, false)
	if p, ok := peer.FromContext(c.serverCtx); ok {
		c.serverPeer = *p
	}
}

func (c *connection) setBegun() {
	c.mu.Lock()
	close(c.begun)
	isEnding := c.isEnding // end came too early.
	if isEnding {
		c.tellServerEnd()
	}
	c.mu.Unlock()
	if isEnding {
		c.tellClientEnd()
	}
}

// end tells stats handlers that the connection ends, because the server has been shut down
// or the client closed. It does not wait for those of the server.
func (c *connection) end() {
	c.mu.Lock()
	isFirst := !c.isEnding && c.hasBegun()
	c.isEnding = true
	if isFirst {
		c.tellServerEnd()
	}
	c.mu.Unlock()
	if isFirst {
		c.tellClientEnd()
	}
}

func (c *connection) tellClientEnd() { observe.EndConn(c.clientCtx, c.clientStats, true) }

func (c *connection) tellServerEnd() {
	if c.server.stats != nil {
		c.server.tellEnd(func() { observe.EndConn(c.serverCtx, c.server.stats, false) })
	}
}
