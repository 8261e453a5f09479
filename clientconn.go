package inprocchain

import (
	"google.golang.org/grpc"

	"github.com/inprocchain/inprocchain/internal/clientconn"
	"github.com/inprocchain/inprocchain/internal/fold"
	"github.com/inprocchain/inprocchain/internal/rpc"
)

// ClientConn returns a real [*grpc.ClientConn] whose RPCs run on this Channel,
// client interceptors included. It is for APIs that accept nothing else, such as
// grpc-gateway's Register…Handler functions. The Channel makes it when it is first needed,
// and always returns the same one.
//
// Closing it closes it for every holder: RPCs on it, including those in flight, get
// Canceled, as on a network. RPCs on the Channel itself continue. [Channel.Shutdown]
// and [Channel.Close] close it. It never dials, and its connectivity state never becomes
// Ready.
func (c *Channel) ClientConn() *grpc.ClientConn {
	c.mustBeMade("ClientConn")
	if made := c.conn.Load(); made != nil {
		return made.ClientConn
	}
	return c.services.clientConn(c)
}

// connFor returns the ClientConn for client interceptors, if there are any.
func (c *Channel) connFor(interceptors int) *grpc.ClientConn {
	if interceptors == 0 {
		return nil
	}
	return c.ClientConn()
}

// onClientConn returns a Channel like c for the RPCs that are made on conn, which is
// the ClientConn of c. closed ends them.
func (c *Channel) onClientConn(conn *clientconn.Conn) (_ grpc.ClientConnInterface, closed func()) {
	clientConn := rpc.NewClientConn()
	client := c.client.OnClientConn(clientConn)
	on := &Channel{
		chain:    c.chain,
		services: c.services,
		client:   client,
		invoker:  fold.UnaryInvoker(c.chain.unaryClient, client.Invoke),
		streamer: fold.Streamer(c.chain.streamClient, client.NewStream),
	}
	if c.fallback != nil {
		on.fallback = c.fallback.OnClientConn(clientConn)
	}
	on.conn.Store(conn)
	return on, clientConn.Close
}

// clientConn returns the ClientConn of c, and makes it if there is none.
func (s *services) clientConn(c *Channel) *grpc.ClientConn {
	s.mu.Lock()
	defer s.mu.Unlock()
	if made := c.conn.Load(); made != nil {
		return made.ClientConn
	}
	conn, err := clientconn.New(c.chain.address(), c.onClientConn)
	if err != nil {
		// grpc.NewClient refuses options and targets, which are fixed here.
		panic("inprocchain: Channel.ClientConn: " + err.Error())
	}
	if s.closed {
		conn.Retire()
	} else {
		s.conns = append(s.conns, conn)
	}
	c.conn.Store(conn)
	return conn.ClientConn
}

func (s *services) closeClientConns() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for _, conn := range s.conns {
		conn.Retire()
	}
	s.conns = nil
}
