package details_test

import (
	"context"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/conformance/connect"
)

// Receiving into what is no message fails with the text of a network, on both sides.
func TestReceivingIntoNoMessageFailsAsOnANetwork(t *testing.T) {
	t.Parallel()
	type plain struct{ Text string }
	for name, into := range map[string]any{"nil": nil, "nil pointer": (*plain)(nil), "pointer": new(plain), "no pointer": plain{}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := func() any { return new(wrapperspb.StringValue) }
			nothing := func() any { return into }
			network := map[string]string{}
			for side, receive := range map[string]struct{ handler, caller func() any }{"caller": {text, nothing}, "handler": {nothing, text}} {
				serve := service{request: receive.handler}
				for _, c := range connect.All(t, inprocchain.Chain{}, serve.register) {
					for kind, call := range map[string]func(context.Context, grpc.ClientConnInterface, any, any) error{"unary": exchangeUnary, "stream": exchangeStream} {
						ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
						err := call(ctx, c.Conn, wrapperspb.String("request"), receive.caller())
						cancel()
						if err == nil {
							t.Errorf("%s, %s of the %s: no error", c.Name, kind, side)
						} else if !c.InProcess {
							network[kind+side] = err.Error()
						} else if got := err.Error(); got != network[kind+side] {
							t.Errorf("%s, %s of the %s: %s, want %s", c.Name, kind, side, got, network[kind+side])
						}
					}
				}
			}
		})
	}
}
