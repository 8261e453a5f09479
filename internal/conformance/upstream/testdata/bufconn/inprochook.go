package bufconn

import (
	"errors"
	"net"
	"sync/atomic"
)

// InprocProbes is the number of current probes. During a probe, dialing a Listener returns an
// [InprocProbe] without connecting.
var InprocProbes atomic.Int32

// An InprocProbe has the Listener that was dialed.
type InprocProbe struct {
	net.Conn // nil; it is not used
	Listener *Listener
}

var errInprocProbe = errors.New("bufconn: the connection is a probe")

func (*InprocProbe) Close() error              { return nil }
func (*InprocProbe) Read([]byte) (int, error)  { return 0, errInprocProbe }
func (*InprocProbe) Write([]byte) (int, error) { return 0, errInprocProbe }
