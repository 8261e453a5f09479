package inprocchain

import (
	"sync"

	"github.com/fullstorydev/grpchan/inprocgrpc"

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
