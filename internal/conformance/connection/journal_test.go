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
	"github.com/inprocchain/inprocchain/internal/conformance/connect"
)

// A journal has the lines of each observer of RPCs, in order.
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

// A transport opens a connection to a service, with a chain.
type transport struct {
	name string
	open func(*testing.T, inprocchain.Chain, func(grpc.ServiceRegistrar)) grpc.ClientConnInterface
}

// transportsAt returns the transports: a network connection with the address addr at both
// ends, and the in-process paths with this address. If addr is nil, it is the default one.
func transportsAt(addr net.Addr) (network transport, inProcess []transport) {
	var with []inprocchain.Option
	if addr != nil {
		with = append(with, inprocchain.WithAddr(addr))
	} else {
		addr = defaultAddr{}
	}
	channel := func(t *testing.T, chain inprocchain.Chain, register func(grpc.ServiceRegistrar)) *inprocchain.Channel {
		return connect.InProcess(t, inprocchain.NewChain(append(with, chain)...), register)
	}
	return transport{"network", func(t *testing.T, chain inprocchain.Chain, register func(grpc.ServiceRegistrar)) grpc.ClientConnInterface {
			return connect.NetworkAt(t, addr, chain, register)
		}}, []transport{
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

// defaultAddr is the default address of a Channel.
type defaultAddr struct{}

func (defaultAddr) Network() string { return "inproc" }

func (defaultAddr) String() string { return "inproc" }

// compare calls record, which makes RPCs, for each transport, and compares the lines of all
// observers once all goroutines are blocked.
func compare(t *testing.T, addr net.Addr, record func(*testing.T, transport) *journal) {
	t.Helper()
	network, inProcess := transportsAt(addr)
	want := recordOver(t, network, record)
	for _, over := range inProcess {
		got := recordOver(t, over, record)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: (-network +in-process)\n%s", over.name, diff)
		}
	}
}

func recordOver(t *testing.T, over transport, record func(*testing.T, transport) *journal) map[string][]string {
	t.Helper()
	var recorded *journal
	synctest.Test(t, func(t *testing.T) {
		recorded = record(t, over)
		synctest.Wait()
	})
	if len(recorded.lines) == 0 {
		t.Fatalf("%s: nothing was recorded", over.name)
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
