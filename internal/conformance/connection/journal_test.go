package connection_test

import (
	"fmt"
	"net"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/peer"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/conformance/way"
)

// A journal holds what each observer of RPCs has recorded, in its order.
type journal struct {
	mu    sync.Mutex
	lines map[string][]string
}

func (j *journal) add(observer, format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.lines == nil {
		j.lines = map[string][]string{}
	}
	j.lines[observer] = append(j.lines[observer], fmt.Sprintf(format, args...))
}

// An openWay opens a connection with a chain to a service.
type openWay struct {
	name string
	open func(*testing.T, inprocchain.Chain, func(grpc.ServiceRegistrar)) grpc.ClientConnInterface
}

// waysAt returns the ways to a service: on a network whose connection looks as if it
// went from addr to addr, and in-process with this address, or with the default one if
// addr is nil.
func waysAt(addr net.Addr) (network openWay, inProcess []openWay) {
	var with []inprocchain.Option
	if addr != nil {
		with = append(with, inprocchain.WithAddr(addr))
	} else {
		addr = defaultAddr{}
	}
	channel := func(t *testing.T, chain inprocchain.Chain, register func(grpc.ServiceRegistrar)) *inprocchain.Channel {
		return way.InProcess(t, inprocchain.NewChain(append(with, chain)...), register)
	}
	return openWay{"network", func(t *testing.T, chain inprocchain.Chain, register func(grpc.ServiceRegistrar)) grpc.ClientConnInterface {
			return way.NetworkAt(t, addr, chain, register)
		}}, []openWay{
			{"Channel", func(t *testing.T, chain inprocchain.Chain, register func(grpc.ServiceRegistrar)) grpc.ClientConnInterface {
				return channel(t, chain, register)
			}},
			{"ClientConn", func(t *testing.T, chain inprocchain.Chain, register func(grpc.ServiceRegistrar)) grpc.ClientConnInterface {
				return channel(t, chain, register).ClientConn()
			}},
			{"Channel that was wrapped", func(t *testing.T, chain inprocchain.Chain, register func(grpc.ServiceRegistrar)) grpc.ClientConnInterface {
				return channel(t, chain, func(r grpc.ServiceRegistrar) { register(r.(*inprocchain.Channel).InProcess()) })
			}},
		}
}

// defaultAddr is what the address of a Channel is by default.
type defaultAddr struct{}

func (defaultAddr) Network() string { return "inproc" }

func (defaultAddr) String() string { return "inproc" }

// compare has record make the same RPCs in each way, and compares what their
// observers have recorded once nobody has anything left to do.
func compare(t *testing.T, addr net.Addr, record func(*testing.T, openWay) *journal) {
	t.Helper()
	network, inProcess := waysAt(addr)
	want := recordIn(t, network, record)
	for _, way := range inProcess {
		got := recordIn(t, way, record)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: (-network +in-process)\n%s", way.name, diff)
		}
	}
}

func recordIn(t *testing.T, way openWay, record func(*testing.T, openWay) *journal) map[string][]string {
	t.Helper()
	var recorded *journal
	synctest.Test(t, func(t *testing.T) {
		recorded = record(t, way)
		synctest.Wait()
	})
	if len(recorded.lines) == 0 {
		t.Fatalf("%s: nothing has been recorded", way.name)
	}
	return recorded.lines
}

func peerText(p *peer.Peer, ok bool) string {
	if !ok {
		return "none"
	}
	return "remote " + addrText(p.Addr) + ", local " + addrText(p.LocalAddr)
}

func addrText(addr net.Addr) string {
	if addr == nil {
		return "none"
	}
	if addr.Network() == "inproc" { // Its type is not exported.
		return addr.String()
	}
	return fmt.Sprintf("%T %s %s", addr, addr.Network(), addr)
}
