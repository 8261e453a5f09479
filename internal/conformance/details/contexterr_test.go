package details_test

import (
	"context"
	"errors"
	"testing"

	"google.golang.org/grpc"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/conformance/connect"
)

// A contextWithErr has an error, although its Done channel is not closed.
type contextWithErr struct {
	context.Context
	done chan struct{}
	err  error
}

func (c contextWithErr) Done() <-chan struct{} { return c.done }
func (c contextWithErr) Err() error            { return c.err }

// grpc-go waits for Done of a context, and asks for Err only then. So a context with an error of
// its own, and no end, does not keep an RPC from being made.
func TestContextWithErrorThatHasNotEndedIsAsOnANetwork(t *testing.T) {
	t.Parallel()
	for name, done := range map[string]chan struct{}{"without Done": nil, "with open Done": make(chan struct{})} {
		for _, err := range []error{context.Canceled, context.DeadlineExceeded, errors.New("own error")} {
			t.Run(name+"/"+err.Error(), func(t *testing.T) {
				t.Parallel()
				network := map[string]error{}
				for _, c := range connect.All(t, inprocchain.Chain{}, service{stream: func(grpc.ServerStream) error { return nil }}.register) {
					for kind, call := range map[string]func(context.Context, grpc.ClientConnInterface) error{"unary": callUnary, "stream": callStream} {
						got := withinMinute(t, func() error { return call(contextWithErr{t.Context(), done, err}, c.Conn) })
						if !c.InProcess {
							network[kind] = got
						} else if (got == nil) != (network[kind] == nil) || got != nil && got.Error() != network[kind].Error() {
							t.Errorf("%s, %s: %v, want as on a network: %v", c.Name, kind, got, network[kind])
						}
					}
				}
			})
		}
	}
}
