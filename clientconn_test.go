package inprocchain_test

import (
	"bytes"
	"context"
	"runtime"
	"testing"

	"github.com/fullstorydev/grpchan/grpchantesting"
	"google.golang.org/grpc"

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
	if got := countClientConns(); got != before {
		t.Errorf("there are goroutines of %d ClientConns, want %d as before the RPC", got, before)
	}
	ch.ClientConn()
	if got := countClientConns(); got == before {
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

// countClientConns counts the goroutines that ClientConns start.
func countClientConns() int {
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	return bytes.Count(stacks, []byte("created by google.golang.org/grpc/internal/grpcsync.NewCallbackSerializer"))
}
