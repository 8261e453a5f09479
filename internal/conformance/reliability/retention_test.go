package reliability_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"weak"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/testservice"
)

func TestRetainedContextRetainsNoMessages(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string][]inprocchain.Option{
		"without stats handlers": nil,
		"with stats handlers":    {inprocchain.WithServerStatsHandlers(testservice.NoStats{}), inprocchain.WithClientStatsHandlers(testservice.NoStats{})},
	} {
		for ending, cancels := range map[string]bool{"completed": false, "canceled by the caller": true} {
			for path, on := range map[string]func(*inprocchain.Channel) grpc.ClientConnInterface{
				"Channel":   func(ch *inprocchain.Channel) grpc.ClientConnInterface { return ch },
				"InProcess": func(ch *inprocchain.Channel) grpc.ClientConnInterface { return ch.InProcess() },
			} {
				t.Run(path+", "+name+", "+ending, func(t *testing.T) {
					t.Parallel()
					retained, messages := retainContext(t, on, cancels, opts...)
					runtime.GC()
					for what, message := range messages {
						if message.Value() != nil {
							t.Errorf("%s is retained with the handler's context", what)
						}
					}
					runtime.KeepAlive(retained)
				})
			}
		}
	}
}

// retainContext makes an RPC whose handler retains its context. If cancels is true, the caller
// cancels the RPC before the handler returns. retainContext returns the context, and weak
// pointers to the messages of the RPC.
func retainContext(t *testing.T, on func(*inprocchain.Channel) grpc.ClientConnInterface, cancels bool, opts ...inprocchain.Option) (retained context.Context, messages map[string]weak.Pointer[byte]) {
	messages = map[string]weak.Pointer[byte]{}
	called, returned := make(chan struct{}), make(chan struct{})
	ch := scripted{unary: func(ctx context.Context, req any) (any, error) {
		retained = context.WithoutCancel(ctx)
		response := wrapperspb.Bytes(make([]byte, 1<<10))
		messages["the request"] = weak.Make(&req.(*wrapperspb.BytesValue).Value[0])
		messages["the response"] = weak.Make(&response.Value[0])
		close(called)
		if cancels {
			<-ctx.Done()
		}
		return response, nil
	}}.onChannel(opts...)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	reply := new(wrapperspb.BytesValue)
	go func() {
		defer close(returned)
		_ = on(ch).Invoke(ctx, scriptedUnary, wrapperspb.Bytes(make([]byte, 1<<10)), reply)
	}()
	<-called
	if cancels {
		cancel()
	}
	<-returned
	if err := ch.Shutdown(t.Context()); err != nil { // the handler has returned
		t.Fatal(err)
	}
	if !cancels {
		messages["the reply"] = weak.Make(&reply.Value[0])
	}
	return retained, messages
}

// This test is not parallel, since it measures the heap.
func TestRetainedContextOfStreamRetainsNoMessages(t *testing.T) {
	const streams, size = 20, 10 << 20
	large := wrapperspb.Bytes(make([]byte, size))
	for name, send := range map[string]struct {
		client  func(grpc.ClientStream) error
		handler func(grpc.ServerStream) error
	}{
		"not received by the handler": {
			client:  func(s grpc.ClientStream) error { return s.SendMsg(large) },
			handler: func(grpc.ServerStream) error { return nil },
		},
		"not received by the client": {
			client:  func(grpc.ClientStream) error { return nil },
			handler: func(s grpc.ServerStream) error { return s.SendMsg(large) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			var retained []context.Context
			sent := make(chan error)
			ch := scripted{stream: func(ss grpc.ServerStream) error {
				retained = append(retained, ss.Context())
				sent <- send.handler(ss)
				<-ss.Context().Done()
				return nil
			}}.onChannel()
			before := liveHeap()
			for range streams {
				ctx, cancel := context.WithCancel(t.Context())
				if err := errors.Join(send.client(openBidi(ctx, t, ch)), <-sent); err != nil {
					t.Error(err)
				}
				cancel()
			}
			if err := ch.Shutdown(t.Context()); err != nil { // the handlers have returned
				t.Fatal(err)
			}
			if more := int64(liveHeap() - before); more > size/2 {
				t.Errorf("the contexts of %d handlers retain %d MiB", len(retained), more>>20)
			}
			runtime.KeepAlive(retained)
			runtime.KeepAlive(large)
		})
	}
}
