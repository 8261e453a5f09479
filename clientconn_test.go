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
		t.Errorf("the goroutines of %d ClientConns run, want %d as before the RPC", got, before)
	}
	ch.ClientConn()
	if got := countClientConns(); got == before {
		t.Error("the goroutines of a ClientConn were not counted, so the check above proves nothing")
	}
	if err := ch.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// countClientConns counts the goroutines that ClientConns start.
func countClientConns() int {
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	return bytes.Count(stacks, []byte("created by google.golang.org/grpc/internal/grpcsync.NewCallbackSerializer"))
}
