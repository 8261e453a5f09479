package reliability_test

import (
	"context"
	"runtime"
	"testing"
	"weak"

	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain"
)

func TestRetainedContextRetainsNoMessages(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string][]inprocchain.Option{
		"without stats handlers": nil,
		"with stats handlers":    {inprocchain.WithServerStatsHandlers(atEnd(func() {})), inprocchain.WithClientStatsHandlers(atEnd(func() {}))},
	} {
		for ending, leave := range map[string]bool{"answered": false, "canceled by the caller": true} {
			t.Run(name+", "+ending, func(t *testing.T) {
				t.Parallel()
				retained, messages := retainContext(t, leave, opts...)
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

// retainContext makes an RPC whose handler retains its context. It returns the
// context and weak pointers to the messages of the RPC.
func retainContext(t *testing.T, leave bool, opts ...inprocchain.Option) (retained context.Context, messages map[string]weak.Pointer[byte]) {
	messages = map[string]weak.Pointer[byte]{}
	called, returned := make(chan struct{}), make(chan struct{})
	ch := scripted{unary: func(ctx context.Context, req any) (any, error) {
		retained = context.WithoutCancel(ctx)
		answer := wrapperspb.Bytes(make([]byte, 1<<10))
		messages["the request"] = weak.Make(&req.(*wrapperspb.BytesValue).Value[0])
		messages["the response"] = weak.Make(&answer.Value[0])
		close(called)
		if leave {
			<-ctx.Done()
		}
		return answer, nil
	}}.onChannel(opts...)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	reply := new(wrapperspb.BytesValue)
	go func() {
		defer close(returned)
		_ = ch.Invoke(ctx, scriptedUnary, wrapperspb.Bytes(make([]byte, 1<<10)), reply)
	}()
	<-called
	if leave {
		cancel()
	}
	<-returned
	if err := ch.Shutdown(t.Context()); err != nil { // the handler has returned
		t.Fatal(err)
	}
	if !leave {
		messages["the reply"] = weak.Make(&reply.Value[0])
	}
	return retained, messages
}
