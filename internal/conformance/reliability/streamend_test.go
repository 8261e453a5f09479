package reliability_test

import (
	"runtime"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/conformance/connect"
	"github.com/inprocchain/inprocchain/internal/testservice"
)

// A stream may end with an error on the caller's side, for example because a message is too
// large. The context of the handler ends before OnFinish and stats handlers are called, so
// these may wait for the handler, or never return.
func TestHandlerContextEndsBeforeOnFinish(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(handlerEnded <-chan struct{}) (inprocchain.Option, grpc.CallOption){
		"OnFinish waits": func(handlerEnded <-chan struct{}) (inprocchain.Option, grpc.CallOption) {
			return inprocchain.Chain{}, grpc.OnFinish(func(error) { <-handlerEnded })
		},
		"OnFinish ends its goroutine": func(<-chan struct{}) (inprocchain.Option, grpc.CallOption) {
			return inprocchain.Chain{}, grpc.OnFinish(func(error) { runtime.Goexit() })
		},
		"a stats handler waits in End": func(handlerEnded <-chan struct{}) (inprocchain.Option, grpc.CallOption) {
			return inprocchain.WithClientStatsHandlers(testservice.At[*stats.End](func() { <-handlerEnded })), grpc.EmptyCallOption{}
		},
	} {
		for handler, wait := range map[string]func(grpc.ServerStream){
			"waits for its context": func(ss grpc.ServerStream) { <-ss.Context().Done() },
			"receives":              func(ss grpc.ServerStream) { _ = ss.RecvMsg(new(wrapperspb.BytesValue)) },
			"sends":                 func(ss grpc.ServerStream) { sendUntilError(ss) },
		} {
			t.Run(name+", the handler "+handler, func(t *testing.T) {
				t.Parallel()
				handlerEnded := make(chan struct{}, 1)
				chainEnd, callEnd := end(handlerEnded)
				serve := scripted{stream: func(ss grpc.ServerStream) error {
					defer func() { handlerEnded <- struct{}{} }()
					if err := ss.SendMsg(wrapperspb.Bytes(make([]byte, 100))); err != nil {
						return err
					}
					wait(ss)
					return nil
				}}
				for _, w := range connect.All(t, inprocchain.NewChain(chainEnd), serve.register) {
					s := openBidi(t.Context(), t, w.Conn, grpc.MaxCallRecvMsgSize(10), callEnd)
					received := make(chan struct{})
					go func() {
						defer close(received)
						_ = s.RecvMsg(new(wrapperspb.BytesValue))
					}()
					<-received
					if name == "OnFinish ends its goroutine" {
						<-handlerEnded
					}
				}
			})
		}
	}
}

// The client may end the stream at any moment of the handler's SendMsg.
func TestStatsHandlerMayWaitForHandlerThatSends(t *testing.T) {
	t.Parallel()
	for range 500 {
		handlerEnded := make(chan struct{})
		ch := scripted{stream: func(ss grpc.ServerStream) error {
			defer close(handlerEnded)
			sendUntilError(ss)
			return nil
		}}.onChannel(inprocchain.WithClientStatsHandlers(testservice.At[*stats.End](func() { <-handlerEnded })))
		s := openBidi(t.Context(), t, ch, grpc.MaxCallRecvMsgSize(10))
		if err := s.RecvMsg(new(wrapperspb.BytesValue)); status.Code(err) != codes.ResourceExhausted {
			t.Fatalf("RecvMsg returned %v, want ResourceExhausted", err)
		}
	}
}

func sendUntilError(ss grpc.ServerStream) {
	for ss.SendMsg(wrapperspb.Bytes(make([]byte, 1<<10))) == nil {
	}
}
