package inprocchain

import (
	"sync"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"

	"github.com/inprocchain/inprocchain/internal/clientconn"
	"github.com/inprocchain/inprocchain/internal/rpc"
)

// services is what all clients of the same services share.
type services struct {
	inproc *inprocgrpc.Channel
	server *rpc.Server

	mu     sync.Mutex // guards what is below, and the making of a ClientConn
	conns  []*clientconn.Conn
	closed bool // ClientConns are
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
