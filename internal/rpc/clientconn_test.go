package rpc

import (
	"testing"

	"github.com/inprocchain/inprocchain/internal/wire"
)

// canceled is an RPC that notes that it was canceled.
type canceled struct{ with error }

func (c *canceled) Method() string   { return "/service/Method" }
func (c *canceled) cancel(err error) { c.with = err }

// An RPC may begin while its ClientConn is being closed. It is then canceled at once.
func TestClosedClientConnCancelsWhatItWatches(t *testing.T) {
	t.Parallel()
	conn := NewClientConn()
	conn.Close()
	rpc := new(canceled)
	conn.watch(t.Context(), rpc).Leave()
	if rpc.with == nil {
		t.Error("an RPC on a closed ClientConn goes on")
	}
}

// A ClientConn may be used for as long as the process runs, and keeps no RPC that has ended.
func TestClientConnKeepsNoRPCThatHasEnded(t *testing.T) {
	t.Parallel()
	conn := NewClientConn()
	conn.watch(t.Context(), new(canceled)).Leave()
	if got := conn.inFlight.names(); got != "" {
		t.Errorf("after the end, there is %s", got)
	}
}

// An RPC notices that its ClientConn is closed before Close has canceled it.
func TestRPCNoticesThatItsClientConnIsClosed(t *testing.T) {
	t.Parallel()
	stream := &transportStream{clientConn: NewClientConn(), cancelHandler: func() {}}
	stream.noticeEnd()
	if stream.ended != notEnded {
		t.Error("an RPC has ended without a reason")
	}
	stream.clientConn.Close()
	stream.noticeEnd()
	if stream.ended != byConnection || stream.status != wire.ErrClientConnClosing {
		t.Errorf("the RPC has ended by %d with %v, want by the connection with %v", stream.ended, stream.status, wire.ErrClientConnClosing)
	}
}
