package chaintest

import (
	"testing"
	"time"

	"google.golang.org/grpc"

	"github.com/inprocchain/inprocchain"
)

// Run runs a test twice, as the subtests "network" and "inProcess": with a grpc-go
// connection that has the chain on both of its ends, and with a Channel that has the same
// chain. So a test of an interceptor or of a service shows that both do the same:
//
//	chaintest.Run(t, chain, register, func(t *testing.T, cc grpc.ClientConnInterface) {
//		_, err := pb.NewFlagsClient(cc).Get(t.Context(), &pb.GetRequest{Key: "none"})
//		if status.Code(err) != codes.NotFound {
//			t.Errorf("got %v, want NotFound", err)
//		}
//	})
//
// Run calls register once for each, so each has services of its own. Interceptors and stats
// handlers with state are shared, since both have the chain. The network is a connection in
// memory. To compare what the two do instead of asserting it, use [Compare].
//
// When a subtest ends, Run closes its connection as [Serve] does. The test may call
// t.Parallel.
//
// In a testing/synctest bubble, where T.Run must not be called, Run makes no subtests: it
// calls test with t, first with the network and then in-process, and closes each connection
// before it goes on. Call Run inside of the bubble, because RPCs of a bubble need
// connections of the bubble:
//
//	synctest.Test(t, func(t *testing.T) {
//		chaintest.Run(t, chain, register, func(t *testing.T, cc grpc.ClientConnInterface) { … })
//	})
//
// Run must be called from the goroutine of the test.
func Run(t *testing.T, chain inprocchain.Chain, register func(grpc.ServiceRegistrar), test func(*testing.T, grpc.ClientConnInterface)) {
	t.Helper()
	if register == nil || test == nil {
		t.Fatal("chaintest: Run: register and test must not be nil")
	}
	for _, over := range []subtest{{"network", serveNetwork}, {"inProcess", serveInProcess}} {
		if isInBubble(t) {
			over.runInBubble(t, chain, register, test)
			continue
		}
		t.Run(over.name, func(t *testing.T) {
			cc, end := over.serve(t, chain, register, closeTimeout)
			t.Cleanup(end)
			test(t, cc)
		})
	}
}

// A subtest is one of the two that Run runs.
type subtest struct {
	name  string
	serve func(testing.TB, inprocchain.Chain, func(grpc.ServiceRegistrar), time.Duration) (cc grpc.ClientConnInterface, end func())
}

func (s subtest) runInBubble(t *testing.T, chain inprocchain.Chain, register func(grpc.ServiceRegistrar), test func(*testing.T, grpc.ClientConnInterface)) {
	t.Helper()
	t.Logf("chaintest: Run: %s", s.name) // since no subtest is named for it
	cc, end := s.serve(t, chain, register, closeTimeout)
	defer end()
	test(t, cc)
}

// isInBubble reports whether t is that of a synctest bubble. There is no function for
// that, but Deadline does nothing else than to panic in a bubble.
func isInBubble(t *testing.T) (in bool) {
	defer func() { in = recover() != nil }()
	t.Deadline()
	return false
}

// serveNetwork returns a connection to services on a network, and what ends them.
func serveNetwork(t testing.TB, chain inprocchain.Chain, register func(grpc.ServiceRegistrar), timeout time.Duration) (_ grpc.ClientConnInterface, end func()) {
	t.Helper()
	c, err := openNetwork(t.Context(), chain, register)
	if err != nil {
		t.Fatalf("chaintest: Run: %s: no connection: %v", onNetwork, err)
	}
	conn := c.conn.(*grpc.ClientConn)
	return conn, func() {
		_ = conn.Close() // cancels the RPCs in flight
		if err := c.drain(timeout); err != nil {
			t.Errorf("chaintest: Run, %s: %v", onNetwork, err)
		}
		c.close()
	}
}

// serveInProcess returns a Channel with services, and what closes it.
func serveInProcess(t testing.TB, chain inprocchain.Chain, register func(grpc.ServiceRegistrar), timeout time.Duration) (_ grpc.ClientConnInterface, end func()) {
	t.Helper()
	channel := inprocchain.New(chain)
	register(channel)
	return channel, func() { closeChannel(t, "Run", channel, timeout) }
}
