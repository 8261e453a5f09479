package motion_test

import (
	"context"
	"io"
	"sync"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain"
)

// While a stats handler is told on another goroutine what has arrived, the calls on a stream that have
// no events after that go on.
func TestCallsDoNotWaitForEventsOfOthers(t *testing.T) {
	t.Parallel()
	calls := map[string]func(grpc.ClientStream){
		"SendMsg":   func(s grpc.ClientStream) { _ = s.SendMsg(wrapperspb.String("message")) },
		"CloseSend": func(s grpc.ClientStream) { _ = s.CloseSend() },
		"Header":    func(s grpc.ClientStream) { _, _ = s.Header() },
	}
	for name, call := range calls {
		for _, event := range []string{"InHeader", "InTrailer"} {
			for _, conn := range []string{"network", "Channel"} {
				t.Run(name+"/"+event+"/"+conn, func(t *testing.T) {
					t.Parallel()
					if !callWhileTelling(t, conn, event, call) {
						t.Error("the call waits for the stats handler")
					}
				})
			}
		}
	}
}

// callWhileTelling reports whether call returns while a stats handler blocks in the event.
func callWhileTelling(t *testing.T, conn, event string, call func(grpc.ClientStream)) (returned bool) {
	telling, release := make(chan struct{}), make(chan struct{})
	block := sync.OnceFunc(func() {
		close(telling)
		<-release
	})
	cc := connectTo(t, conn, inprocchain.NewChain(inprocchain.WithClientStatsHandlers(at(event, block))), service{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stream, err := cc.NewStream(ctx, bidi.desc, bidi.method)
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.SendMsg(wrapperspb.String("message")); err != nil {
		t.Fatal(err)
	}
	received := make(chan error, 1)
	go func() {
		err := error(nil)
		for err == nil {
			err = stream.RecvMsg(new(text))
		}
		received <- err
	}()
	await(t, telling, event)
	returned = returns(func() { call(stream) })
	close(release)
	if err := await(t, received, "end of the stream"); err != io.EOF {
		t.Error(err)
	}
	return returned
}
