package motion_test

import (
	"context"
	"testing"

	"google.golang.org/grpc"

	"github.com/inprocchain/inprocchain"
)

// When RecvMsg tells a handler that its caller has gone, the handler's context has ended.
func TestHandlerContextHasEndedWhenRecvMsgFails(t *testing.T) {
	t.Parallel()
	const attempts = 5000
	started, results := make(chan struct{}), make(chan error, 1)
	s := service{stream: func(ss grpc.ServerStream) error {
		started <- struct{}{}
		err := ss.RecvMsg(new(text))
		results <- ss.Context().Err()
		return err
	}}
	for _, conn := range connections(t, inprocchain.Chain{}, s.register) {
		early := 0
		for range attempts {
			ctx, cancel := context.WithCancel(t.Context())
			if _, err := conn.Conn.NewStream(ctx, bidi.desc, bidi.method); err != nil {
				t.Fatal(err)
			}
			<-started
			cancel()
			if err := <-results; err == nil {
				early++
			}
		}
		if early > 0 {
			t.Errorf("%s: RecvMsg failed before the context had ended in %d of %d RPCs", conn.Name, early, attempts)
		}
	}
}
