package reliability_test

import (
	"context"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/testservice"
)

// Whoever waits for a header that the client cannot read does not end the RPC.
func TestHeaderDuringLostHeader(t *testing.T) {
	t.Parallel()
	onBothSides(t, func(t *testing.T, start startSide) {
		synctest.Test(t, func(t *testing.T) {
			slow := testservice.At[*stats.OutHeader](func() { time.Sleep(time.Second) })
			returned := make(chan struct{})
			s := start(t, scripted{stream: func(ss grpc.ServerStream) error {
				defer close(returned)
				_ = grpc.SendHeader(ss.Context(), metadata.MD{"k": {"\x00"}})
				return nil
			}}, inprocchain.WithServerStatsHandlers(slow))
			stream := openBidi(t.Context(), t, s.conn)
			_, _ = stream.Header()
			if err := stream.RecvMsg(new(wrapperspb.BytesValue)); status.Code(err) != codes.Internal {
				t.Errorf("RecvMsg: %v, want Internal", err)
			}
			<-returned
			s.stop()
		})
	})
}

// A statusFunc is an error with the status that it returns.
type statusFunc func() *status.Status

func (statusFunc) Error() string                { return "from a test" }
func (f statusFunc) GRPCStatus() *status.Status { return f() }

// The error of a handler may use the handler's context.
func TestStatusOfErrorUsesStream(t *testing.T) {
	t.Parallel()
	onBothSides(t, func(t *testing.T, start startSide) {
		s := start(t, scripted{unary: func(ctx context.Context, _ any) (any, error) {
			return nil, statusFunc(func() *status.Status {
				_ = grpc.SetTrailer(ctx, metadata.Pairs("k", "v"))
				return status.New(codes.NotFound, "gone")
			})
		}})
		happens(t, "the end of the RPC", inBackground(func() {
			ctx, cancel := context.WithTimeout(context.Background(), patience/2)
			defer cancel()
			_ = invokeScripted(ctx, s.conn)
		}))
	})
}

// A pooledContext is used again when its RPC is over.
type pooledContext struct {
	context.Context
	err error
}

func (c *pooledContext) Err() error {
	if c.err != nil {
		return c.err
	}
	return c.Context.Err()
}

// Once Invoke has returned, its context belongs to the caller. The race detector sees if a
// handler still uses it.
func TestCallersContextIsNotUsedAfterInvoke(t *testing.T) {
	onBothSides(t, func(t *testing.T, start startSide) {
		began, goOn, ended := make(chan struct{}), make(chan struct{}), make(chan struct{})
		s := start(t, scripted{unary: func(ctx context.Context, req any) (any, error) {
			defer close(ended)
			close(began)
			<-goOn
			_ = grpc.SendHeader(ctx, nil)
			return req, nil
		}})
		parent, cancel := context.WithCancel(t.Context())
		canceled := inBackground(func() {
			<-began
			cancel()
		})
		ctx := &pooledContext{Context: parent}
		_ = invokeScripted(ctx, s.conn)
		<-canceled
		close(goOn)
		ctx.err = context.Canceled
		<-ended
		s.drain()
	})
}

// A handler may return while another goroutine's SendMsg fails. The race detector sees more
// than the outcome.
func TestHandlerReturnsWhileSendMsgFails(t *testing.T) {
	onBothSides(t, func(t *testing.T, start startSide) {
		s := start(t, scripted{stream: func(ss grpc.ServerStream) error {
			go func() { _ = ss.SendMsg("no message") }()
			runtime.Gosched()
			return nil
		}})
		for range 300 {
			_ = openBidi(t.Context(), t, s.conn).RecvMsg(new(wrapperspb.BytesValue))
		}
	})
}

// A server stats handler that ends its goroutine in each event keeps no server from being
// stopped.
func TestStopAfterGoexitOfServerStatsHandler(t *testing.T) {
	t.Parallel()
	onBothSides(t, func(t *testing.T, start startSide) {
		began := make(chan struct{})
		s := start(t, scripted{}, inprocchain.WithServerStatsHandlers(testservice.Stats{OnRPC: func(_ context.Context, event stats.RPCStats) {
			switch event.(type) {
			case *stats.Begin:
				close(began)
				runtime.Goexit()
			case *stats.OutTrailer:
				runtime.Goexit()
			}
		}}))
		caller := inBackground(func() { _ = invokeScripted(context.Background(), s.conn) })
		<-began
		happens(t, "the end of the server", inBackground(s.stop))
		happens(t, "the end of the RPC", caller)
	})
}

// While a Channel drains, a handler's own RPCs are accepted, also if a client's stats handler
// has detached their contexts.
func TestNestedRPCWhileDrainingWithDetachedContext(t *testing.T) {
	t.Parallel()
	var ch *inprocchain.Channel
	entered, goOn := make(chan struct{}), make(chan struct{})
	ch = scripted{unary: func(ctx context.Context, req any) (any, error) {
		close(entered)
		<-goOn
		stream, err := ch.NewStream(ctx, bidi, scriptedBidi)
		if err == nil {
			_ = stream.CloseSend()
			_ = stream.RecvMsg(new(wrapperspb.BytesValue))
		}
		return req, err
	}}.onChannel(inprocchain.WithClientStatsHandlers(testservice.Stats{
		OnTagRPC: func(context.Context, *stats.RPCTagInfo) context.Context { return context.Background() },
	}))
	var err error
	outer := inBackground(func() { err = invokeScripted(context.Background(), ch) })
	<-entered
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_ = ch.Shutdown(ended)
	close(goOn)
	<-outer
	if err != nil {
		t.Error(err)
	}
}
