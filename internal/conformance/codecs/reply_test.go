package codecs_test

import (
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/conformance/connect"
)

// A caller may use one reply for several RPCs. Nothing of an earlier response stays in it.
func TestReplyIsResetAsOnANetwork(t *testing.T) {
	t.Parallel()
	for _, c := range connect.All(t, inprocchain.Chain{}, func(r grpc.ServiceRegistrar) { register(r, newText) }) {
		reply := wrapperspb.String("of an earlier RPC")
		if err := c.Conn.Invoke(t.Context(), unaryMethod, newText(), reply); err != nil || reply.Value != "" {
			t.Errorf("%s: a unary RPC returned %q, %v, want an empty response", c.Name, reply.Value, err)
		}
		stream, err := c.Conn.NewStream(t.Context(), bidi, bidiMethod)
		if err != nil {
			t.Fatal(err)
		}
		if err := stream.SendMsg(newText()); err != nil {
			t.Fatal(err)
		}
		reply = wrapperspb.String("of an earlier RPC")
		if err := stream.RecvMsg(reply); err != nil || reply.Value != "" {
			t.Errorf("%s: a stream returned %q, %v, want an empty response", c.Name, reply.Value, err)
		}
	}
}
