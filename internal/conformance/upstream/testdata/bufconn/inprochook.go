package bufconn

import (
	"errors"
	"net"
	"sync/atomic"
)

// InprocProbes is the number of probes under way. During a probe, dialing a
// Listener connects to nothing and returns an [InprocProbe].
var InprocProbes atomic.Int32

// An InprocProbe tells which Listener was dialed.
type InprocProbe struct {
	net.Conn // nil: nobody uses it
	Listener *Listener
}

var errInprocProbe = errors.New("bufconn: the connection is a probe")

func (*InprocProbe) Close() error              { return nil }
func (*InprocProbe) Read([]byte) (int, error)  { return 0, errInprocProbe }
func (*InprocProbe) Write([]byte) (int, error) { return 0, errInprocProbe }
