package details_test

import (
	"context"
	"os"
	"os/exec"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/conformance/connect"
)

// ownCodec is the environment variable that says which codec the test has registered under the
// name "proto".
const ownCodec = "INPROCCHAIN_TEST_OWN_CODEC"

func init() {
	switch os.Getenv(ownCodec) {
	case "Codec":
		encoding.RegisterCodec(codecV1{})
	case "CodecV2":
		encoding.RegisterCodecV2(codecV2{encoding.GetCodecV2("proto")})
	}
}

// codecCalls counts the calls of the registered codec.
var codecCalls struct{ marshal, unmarshal atomic.Int32 }

type codecV1 struct{}

func (codecV1) Marshal(v any) ([]byte, error) {
	codecCalls.marshal.Add(1)
	return proto.Marshal(v.(proto.Message))
}

func (codecV1) Unmarshal(data []byte, v any) error {
	codecCalls.unmarshal.Add(1)
	return proto.Unmarshal(data, v.(proto.Message))
}

func (codecV1) Name() string { return "proto" }

type codecV2 struct{ encoding.CodecV2 }

func (c codecV2) Marshal(v any) (mem.BufferSlice, error) {
	codecCalls.marshal.Add(1)
	return c.CodecV2.Marshal(v)
}

func (c codecV2) Unmarshal(data mem.BufferSlice, v any) error {
	codecCalls.unmarshal.Add(1)
	return c.CodecV2.Unmarshal(data, v)
}

// An application may register its own codec under the name "proto", to use faster code or to
// check messages. It must be called as on a network. The codec is global, so the test runs
// itself in a process for each codec.
func TestOwnCodecNamedProtoIsCalled(t *testing.T) {
	t.Parallel()
	if os.Getenv(ownCodec) == "" {
		for _, codec := range []string{"Codec", "CodecV2"} {
			t.Run(codec, func(t *testing.T) {
				t.Parallel()
				self := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestOwnCodecNamedProtoIsCalled$", "-test.timeout=60s")
				self.Env = append(os.Environ(), ownCodec+"="+codec)
				if output, err := self.CombinedOutput(); err != nil {
					t.Errorf("%v\n%s", err, output)
				}
			})
		}
		return
	}
	for _, c := range connect.All(t, inprocchain.Chain{}, service{}.register) {
		codecCalls.marshal.Store(0)
		codecCalls.unmarshal.Store(0)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		for _, req := range []any{wrapperspb.String("request"), nil} {
			if err := exchangeUnary(ctx, c.Conn, req, new(wrapperspb.StringValue)); err != nil {
				t.Error(err)
			}
			if err := exchangeStream(ctx, c.Conn, req, new(wrapperspb.StringValue)); err != nil {
				t.Error(err)
			}
		}
		// A nil request is not marshaled.
		if marshal, unmarshal := codecCalls.marshal.Load(), codecCalls.unmarshal.Load(); marshal != 6 || unmarshal != 8 {
			t.Errorf("%s: the codec has marshaled %d messages and unmarshaled %d, want 6 and 8", c.Name, marshal, unmarshal)
		}
	}
}
