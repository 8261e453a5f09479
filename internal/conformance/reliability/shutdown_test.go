package reliability_test

import (
	"context"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/fullstorydev/grpchan"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain"
)

// connsTo returns all connections to the handlers of ch.
func connsTo(ch *inprocchain.Channel) map[string]grpc.ClientConnInterface {
	return map[string]grpc.ClientConnInterface{
		"Channel":       ch,
		"InProcess":     ch.InProcess(),
		"ClientConn":    ch.ClientConn(),
		"a layer above": grpchan.InterceptClientConn(ch, passClient, nil),
		"Unwrap":        ch.Unwrap(),
	}
}

func callUnary(ctx context.Context, cc grpc.ClientConnInterface) error {
	return cc.Invoke(ctx, scriptedUnary, wrapperspb.Bytes([]byte("ping")), new(wrapperspb.BytesValue))
}

// callStream sends a message, expects it back, and receives until the end.
func callStream(ctx context.Context, cc grpc.ClientConnInterface) error {
	stream, err := cc.NewStream(ctx, bidi, scriptedBidi)
	if err != nil {
		return err
	}
	if err := stream.SendMsg(wrapperspb.Bytes([]byte("ping"))); err != nil && err != io.EOF {
		return err
	}
	if err := stream.CloseSend(); err != nil {
		return err
	}
	received := 0
	for {
		switch err := stream.RecvMsg(new(wrapperspb.BytesValue)); {
		case err == io.EOF && received == 1:
			return nil
		case err == io.EOF:
			return errors.New("the stream ended without an error or a message")
		case err != nil:
			return err
		}
		received++
	}
}

var kindsOfRPC = map[string]func(context.Context, grpc.ClientConnInterface) error{
	"unary": callUnary, "stream": callStream,
}

func TestShutdownRefusesOnEveryPath(t *testing.T) {
	t.Parallel()
	var handled atomic.Int64
	ch := counting(&handled).onChannel()
	conns := connsTo(ch)
	eachRPC(t, conns, func(t *testing.T, cc grpc.ClientConnInterface, call func(context.Context, grpc.ClientConnInterface) error) {
		if err := call(t.Context(), cc); err != nil {
			t.Errorf("before Shutdown: %v", err)
		}
	})
	if err := ch.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := handled.Load()
	eachRPC(t, conns, func(t *testing.T, cc grpc.ClientConnInterface, call func(context.Context, grpc.ClientConnInterface) error) {
		if err := call(t.Context(), cc); status.Code(err) != codes.Unavailable {
			t.Errorf("after Shutdown: %v, want Unavailable", err)
		}
	})
	if after := handled.Load(); after != before {
		t.Errorf("%d handlers ran after Shutdown", after-before)
	}
}

// counting returns an echo service that counts the calls of its handlers.
func counting(handled *atomic.Int64) scripted {
	return scripted{
		unary: func(_ context.Context, req any) (any, error) {
			handled.Add(1)
			return req, nil
		},
		stream: func(ss grpc.ServerStream) error {
			handled.Add(1)
			return scripted{}.service().Echo(ss)
		},
	}
}

func eachRPC(t *testing.T, conns map[string]grpc.ClientConnInterface, check func(*testing.T, grpc.ClientConnInterface, func(context.Context, grpc.ClientConnInterface) error)) {
	for name, cc := range conns {
		for kind, call := range kindsOfRPC {
			t.Run(name+"/"+kind, func(t *testing.T) { check(t, cc, call) })
		}
	}
}

// A blockingService blocks its handlers until release is closed.
type blockingService struct {
	entered, release chan struct{}
	returned         atomic.Int64
}

func newBlockingService() *blockingService {
	return &blockingService{entered: make(chan struct{}, 100), release: make(chan struct{})}
}

func (h *blockingService) service() scripted {
	return scripted{
		unary: func(_ context.Context, req any) (any, error) {
			h.wait()
			return req, nil
		},
		stream: func(ss grpc.ServerStream) error {
			h.wait()
			return scripted{}.service().Echo(ss)
		},
	}
}

func (h *blockingService) wait() {
	defer h.returned.Add(1)
	h.entered <- struct{}{}
	<-h.release
}

func TestShutdownWaitsForHandlersInFlight(t *testing.T) {
	t.Parallel()
	for _, name := range slices.Sorted(maps.Keys(connsTo(inprocchain.New()))) {
		for kind, call := range kindsOfRPC {
			t.Run(name+"/"+kind, func(t *testing.T) {
				t.Parallel()
				h := newBlockingService()
				ch := h.service().onChannel()
				shutdownInFlight(t, h, ch, func() error { return call(t.Context(), connsTo(ch)[name]) })
			})
		}
	}
}

func shutdownInFlight(t *testing.T, h *blockingService, ch *inprocchain.Channel, call func() error) {
	result := make(chan error, 1)
	go func() { result <- call() }()
	<-h.entered

	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := ch.Shutdown(ended); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), " (1)") {
		t.Errorf("Shutdown with a handler in flight: %v, want the error of its context, and the number of RPCs", err)
	}
	if err := call(); status.Code(err) != codes.Unavailable {
		t.Errorf("an RPC while draining: %v, want Unavailable", err)
	}

	var shutdowns sync.WaitGroup
	for range 8 {
		shutdowns.Go(func() {
			if err := ch.Shutdown(t.Context()); err != nil {
				t.Errorf("Shutdown: %v", err)
			}
			if h.returned.Load() != 1 {
				t.Error("Shutdown returned before the handler")
			}
		})
	}
	close(h.release)
	shutdowns.Wait()
	if err := <-result; err != nil {
		t.Errorf("the RPC in flight: %v", err)
	}
}

func TestShutdownClosesClientConn(t *testing.T) {
	t.Parallel()
	ch := scripted{}.onChannel()
	before := ch.ClientConn()
	if err := ch.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if before != ch.ClientConn() {
		t.Error("ClientConn returns another connection after Shutdown")
	}
	late := scripted{}.onChannel()
	if err := late.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, cc := range map[string]*grpc.ClientConn{"made before": before, "made after": late.ClientConn()} {
		if state := cc.GetState(); state != connectivity.Shutdown {
			t.Errorf("the ClientConn %s Shutdown is %v, want it closed", name, state)
		}
		if err := callUnary(t.Context(), cc); status.Code(err) != codes.Unavailable {
			t.Errorf("an RPC on the ClientConn %s: %v, want Unavailable", name, err)
		}
	}
}

// This test is not parallel, since it checks the goroutines of the process.
func TestShutdownLeavesNoGoroutine(t *testing.T) {
	before := goleak.IgnoreCurrent()
	ch := scripted{}.onChannel(inprocchain.WithUnaryClientInterceptors(passClient))
	for _, cc := range connsTo(ch) {
		for _, call := range kindsOfRPC {
			if err := call(t.Context(), cc); err != nil {
				t.Fatal(err)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		_ = openBidi(ctx, t, cc) // It is abandoned.
		cancel()
	}
	if err := ch.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	goleak.VerifyNone(t, before)
}

// As on a network, a handler may reuse its response once the RPC has ended.
func TestShutdownWaitsForTheCopyOfTheResponse(t *testing.T) {
	t.Parallel()
	response := wrapperspb.Bytes(make([]byte, 1<<20))
	for range 50 {
		entered := make(chan struct{})
		ch := scripted{unary: func(context.Context, any) (any, error) {
			close(entered)
			return response, nil
		}}.onChannel()
		result := make(chan error, 1)
		go func() { result <- callUnary(context.Background(), ch) }()
		<-entered
		if err := ch.Shutdown(t.Context()); err != nil {
			t.Fatal(err)
		}
		flip(response.Value) // The race detector reports a concurrent reader.
		if err := <-result; err != nil {
			t.Fatal(err)
		}
	}
}
