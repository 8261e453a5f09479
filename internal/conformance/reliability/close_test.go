package reliability_test

import (
	"context"
	"io"
	"sync"
	"testing"

	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain"
)

// Closing a ClientConn has the same effect on its RPCs in-process as on a network.

func TestRPCsAfterCloseAreCanceled(t *testing.T) {
	t.Parallel()
	ch := scripted{}.onChannel()
	network, inProcess := scripted{}.onNetwork(t), ch.ClientConn()
	for _, cc := range []*grpc.ClientConn{network, inProcess} {
		if err := cc.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for kind, call := range kindsOfRPC {
		want, got := call(t.Context(), network), call(t.Context(), inProcess)
		if got == nil || got.Error() != want.Error() || status.Code(got) != codes.Canceled {
			t.Errorf("%s: %v, want %v as on the network", kind, got, want)
		}
		if err := call(t.Context(), ch); err != nil {
			t.Errorf("%s on the Channel: %v, want it to succeed", kind, err)
		}
	}
	if got, want := inProcess.Close(), network.Close(); got != want {
		t.Errorf("the second Close returned %v, want %v as on the network", got, want)
	}
}

func TestRPCsInFlightAreCanceledByClose(t *testing.T) {
	t.Parallel()
	for kind, call := range kindsOfRPC {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			closeInFlight := func(cc *grpc.ClientConn, h *blockingService) error {
				result := make(chan error, 1)
				go func() { result <- call(t.Context(), cc) }()
				<-h.entered
				if err := cc.Close(); err != nil {
					t.Error(err)
				}
				return <-result
			}
			h, onNetwork := newBlockingService(), newBlockingService()
			ch := h.service().onChannel()
			other := make(chan error, 1)
			go func() { other <- call(t.Context(), ch) }()
			<-h.entered

			got := closeInFlight(ch.ClientConn(), h)
			want := closeInFlight(onNetwork.service().onNetwork(t), onNetwork)
			if got == nil || got.Error() != want.Error() || status.Code(got) != codes.Canceled {
				t.Errorf("%v, want %v as on the network", got, want)
			}
			close(onNetwork.release)
			close(h.release)
			if err := <-other; err != nil {
				t.Errorf("an RPC in flight on the Channel: %v, want it to succeed", err)
			}
		})
	}
}

func TestClientConnIsCreatedOnce(t *testing.T) {
	t.Parallel()
	ch := scripted{}.onChannel()
	var mu sync.Mutex
	conns := map[*grpc.ClientConn]bool{}
	var callers sync.WaitGroup
	for range 16 {
		callers.Go(func() {
			cc := ch.ClientConn()
			mu.Lock()
			defer mu.Unlock()
			conns[cc] = true
		})
	}
	callers.Wait()
	if len(conns) != 1 {
		t.Errorf("ClientConn returned %d different connections, want one", len(conns))
	}
}

// A ClientConn starts goroutines, so it is created only when it is used. This
// test is not parallel, since it checks the goroutines of the process.
func TestClientConnIsCreatedOnlyOnUse(t *testing.T) {
	before := goleak.IgnoreCurrent()
	ch := scripted{}.onChannel(authenticated, inprocchain.WithClientStatsHandlers(&eventCounter{}))
	withToken := metadata.AppendToOutgoingContext(t.Context(), "token", "good")
	for kind, call := range kindsOfRPC {
		if err := call(withToken, ch); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
	goleak.VerifyNone(t, before)
}

// An interceptor may make several attempts at a stream, also on a ClientConn:
// the end of one attempt does not end the RPC.
func TestStreamMayBeRetriedOnClientConn(t *testing.T) {
	t.Parallel()
	attempts := 0
	service := scripted{stream: func(ss grpc.ServerStream) error {
		if attempts++; attempts == 1 {
			return status.Error(codes.Aborted, "try again")
		}
		return scripted{}.service().Echo(ss)
	}}
	ch := service.onChannel(inprocchain.WithStreamClientInterceptors(tryTwice))
	if err := callStream(t.Context(), ch.ClientConn()); err != nil {
		t.Errorf("the second attempt: %v", err)
	}
}

// tryTwice is an interceptor that makes a second attempt if the first one fails.
func tryTwice(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	first, err := streamer(ctx, desc, cc, method, opts...)
	if err != nil {
		return nil, err
	}
	if err := first.RecvMsg(new(wrapperspb.BytesValue)); err == io.EOF {
		return first, nil
	}
	return streamer(ctx, desc, cc, method, opts...)
}
