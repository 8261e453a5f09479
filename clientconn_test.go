package inprocchain_test

import (
	"bytes"
	"context"
	"runtime"
	"testing"
	"testing/synctest"

	"github.com/fullstorydev/grpchan/grpchantesting"
	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/connectivity"

	"github.com/inprocchain/inprocchain"
)

// This test is not parallel, since it counts the goroutines of the process.
func TestClientConnIsMadeOnFirstUse(t *testing.T) {
	before := countClientConns()
	ch := newChannel(inprocchain.WithUnaryServerInterceptors(recoverPanics), inprocchain.WithStreamClientInterceptors(
		func(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
			return streamer(ctx, desc, cc, method, opts...)
		},
	))
	if _, err := grpchantesting.NewTestServiceClient(ch).Unary(t.Context(), &grpchantesting.Message{}); err != nil {
		t.Fatal(err)
	}
	if more := moreClientConns(before); more > 0 {
		t.Errorf("there are goroutines of %d ClientConns after the RPC, want none", more)
	}
	ch.ClientConn()
	if moreClientConns(before) == 0 {
		t.Error("countClientConns does not count a new ClientConn")
	}
	if err := ch.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestTargetOfTheClientConnIsTheAddress(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		addr string
		want string
	}{
		{"inproc", "inproc:///inproc"},
		{"127.0.0.1:9000", "inproc:///127.0.0.1:9000"},
		{"[::1]:9000", "inproc:///[::1]:9000"},
		{"/run/app.sock", "inproc:////run/app.sock"},
		// As they are, these would not parse, or would lose what follows the mark.
		{"[fe80::1%eth0]:9000", "inproc:///%5Bfe80::1%25eth0%5D:9000"},
		{"app?query", "inproc:///app%3Fquery"},
		{"app#fragment", "inproc:///app%23fragment"},
	} {
		ch := newChannel(inprocchain.WithAddr(address(test.addr)))
		if got := ch.ClientConn().Target(); got != test.want {
			t.Errorf("the target with the address %s is %s, want %s", test.addr, got, test.want)
		}
		if _, err := grpchantesting.NewTestServiceClient(ch.ClientConn()).Unary(t.Context(), &grpchantesting.Message{}); err != nil {
			t.Errorf("an RPC with the address %s: %v", test.addr, err)
		}
		if err := ch.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// A ClientConn never dials, but programs that wait until it is Ready go on.
func TestClientConnBecomesReady(t *testing.T) {
	t.Parallel()
	for bubble, run := range map[string]func(*testing.T, func(*testing.T)){
		"outside":     func(t *testing.T, f func(*testing.T)) { f(t) },
		"in a bubble": synctest.Test,
	} {
		for name, use := range map[string]func(*testing.T, *grpc.ClientConn){
			"when it is made":            func(*testing.T, *grpc.ClientConn) {},
			"when it is told to connect": func(_ *testing.T, conn *grpc.ClientConn) { conn.Connect() },
			"when it is used": func(t *testing.T, conn *grpc.ClientConn) {
				if _, err := callText(t.Context(), conn, ""); err != nil {
					t.Error(err)
				}
			},
		} {
			t.Run(name+", "+bubble, func(t *testing.T) {
				t.Parallel()
				run(t, func(t *testing.T) {
					ch := textService{}.onChannel()
					client := ch.NewClient()
					for _, conn := range []*grpc.ClientConn{ch.ClientConn(), client.ClientConn()} {
						use(t, conn)
						for state := conn.GetState(); state != connectivity.Ready; state = conn.GetState() {
							if !conn.WaitForStateChange(t.Context(), state) {
								t.Fatalf("the state is still %v", state)
							}
						}
					}
					if err := client.Close(); err != nil {
						t.Error(err)
					}
					if err := ch.Shutdown(t.Context()); err != nil {
						t.Error(err)
					}
					for _, conn := range []*grpc.ClientConn{ch.ClientConn(), client.ClientConn()} {
						if got := conn.GetState(); got != connectivity.Shutdown {
							t.Errorf("the state after Close and Shutdown is %v", got)
						}
					}
				})
			})
		}
	}
}

func TestStateOfAClientConnIsShutdownAfterItWasClosed(t *testing.T) {
	t.Parallel()
	for name, close := range map[string]func(*inprocchain.Channel) error{
		"Close of the ClientConn": func(ch *inprocchain.Channel) error { return ch.ClientConn().Close() },
		"Channel.Close":           (*inprocchain.Channel).Close,
		"Channel.Shutdown":        func(ch *inprocchain.Channel) error { return ch.Shutdown(t.Context()) },
	} {
		ch := newChannel()
		conn := ch.ClientConn()
		if err := close(ch); err != nil {
			t.Error(err)
		}
		if got := conn.GetState(); got != connectivity.Shutdown || ch.ClientConn() != conn {
			t.Errorf("after %s the state is %v, want Shutdown of the same ClientConn", name, got)
		}
	}
}

// Programs that have replaced InterceptClientConn by Wrap do not shut their channels down. A
// bubble does not end before its goroutines, so this also shows that there are none.
func TestClientInterceptorsNeedNoGoroutines(t *testing.T) {
	use100 := func(t *testing.T) {
		passStream := func(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
			if cc == nil || cc.GetState() != connectivity.Shutdown {
				t.Error("the ClientConn of an interceptor is nil or has goroutines")
			}
			return streamer(ctx, desc, cc, method, opts...)
		}
		for range 100 {
			below := new(inprocgrpc.Channel)
			textService{}.register(below)
			ch := inprocchain.Wrap(below, inprocchain.WithUnaryClientInterceptors(passClient), inprocchain.WithStreamClientInterceptors(passStream))
			for _, cc := range []grpc.ClientConnInterface{ch, ch.NewClient(ch.Chain())} {
				for kind, call := range textCalls {
					if _, err := call(t.Context(), cc, ""); err != nil {
						t.Errorf("%s: %v", kind, err)
					}
				}
			}
		}
	}
	before := countClientConns()
	use100(t)
	if more := moreClientConns(before); more > 0 {
		t.Errorf("there are goroutines of %d ClientConns, want none", more)
	}
	synctest.Test(t, use100)
}

// moreClientConns returns how many more ClientConns than before have goroutines. Those of a
// closed ClientConn may end a moment after its Close has returned.
func moreClientConns(before int) (more int) {
	for range 100 {
		if more = countClientConns() - before; more <= 0 {
			return 0
		}
		runtime.Gosched()
	}
	return more
}

// countClientConns counts the goroutines that ClientConns start.
func countClientConns() int {
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	return bytes.Count(stacks, []byte("created by google.golang.org/grpc/internal/grpcsync.NewCallbackSerializer"))
}
