package codecs_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/dynamicpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/conformance/connect"
)

type text = wrapperspb.StringValue

func newText() any  { return new(text) }
func newFrame() any { return new(frame) }

func sending(message any) func() any { return func() any { return message } }

// frameOf returns a frame with the encoding of a message.
func frameOf(m proto.Message) *frame {
	data, err := proto.Marshal(m)
	if err != nil {
		panic(err) // The messages of this package can be encoded.
	}
	return &frame{data}
}

// A note is a message that only JSON can encode.
type note struct{ Text string }

func newNote() any { return new(note) }

func TestCodecsOfACallWorkAsOnANetwork(t *testing.T) {
	t.Parallel()
	hello := wrapperspb.String("hello")
	raw := frameCodec{encoding.GetCodecV2("proto")}
	for _, e := range []exchange{
		// A proxy sends frames. The server decodes and encodes messages.
		{name: "frames by ForceCodecV2", served: newText, sent: sending(frameOf(hello)), reply: newFrame, opts: []grpc.CallOption{grpc.ForceCodecV2(raw)}},
		{name: "frames by ForceCodec", served: newText, sent: sending(frameOf(hello)), reply: newFrame, opts: []grpc.CallOption{grpc.ForceCodec(frames("proto"))}},
		{name: "frames by ForceCodec with another name", served: newText, sent: sending(frameOf(hello)), reply: newFrame, opts: []grpc.CallOption{grpc.ForceCodec(frames("Proxy"))}},
		{name: "frames by ForceCodec without a name", served: newText, sent: sending(frameOf(hello)), reply: newFrame, opts: []grpc.CallOption{grpc.ForceCodec(frames(""))}},
		//lint:ignore SA1019 It is deprecated, and works.
		{name: "frames by CallCustomCodec", served: newText, sent: sending(frameOf(hello)), reply: newFrame, opts: []grpc.CallOption{grpc.CallCustomCodec(codecV0{frames("custom")})}},
		{name: "frames by the codec and the subtype of the server", served: newText, sent: sending(frameOf(hello)), reply: newFrame, opts: []grpc.CallOption{grpc.ForceCodecV2(raw), grpc.CallContentSubtype("proto")}},
		{name: "an empty frame", served: newText, sent: sending(new(frame)), reply: newFrame, opts: []grpc.CallOption{grpc.ForceCodecV2(raw)}},
		{name: "messages through a codec of frames", served: newText, sent: sending(hello), reply: newText, opts: []grpc.CallOption{grpc.ForceCodecV2(raw)}},
		{name: "frames sent, messages received", served: newText, sent: sending(frameOf(hello)), reply: newText, opts: []grpc.CallOption{grpc.ForceCodecV2(raw)}},
		// A handler receives frames if the call names a codec that is registered.
		{name: "frames on both sides", served: newFrame, sent: sending(frameOf(hello)), reply: newFrame, opts: []grpc.CallOption{grpc.CallContentSubtype(registeredFrames)}},
		{name: "messages sent, frames received by the handler", served: newFrame, sent: sending(hello), reply: newText, opts: []grpc.CallOption{grpc.ForceCodecV2(raw), grpc.CallContentSubtype(registeredFrames)}},
		{name: "frames for a handler of messages", served: newText, sent: sending(frameOf(hello)), reply: newFrame, opts: []grpc.CallOption{grpc.CallContentSubtype(registeredFrames)}, code: codes.Internal, message: "not a frame: *wrapperspb.StringValue"},

		{name: "JSON", served: newNote, sent: sending(&note{"hello"}), reply: newNote, opts: []grpc.CallOption{grpc.CallContentSubtype(registeredJSON)}},
		{name: "JSON in capitals", served: newNote, sent: sending(&note{"hello"}), reply: newNote, opts: []grpc.CallOption{grpc.CallContentSubtype("Codecs-JSON")}},
		{name: "JSON by ForceCodec", served: newNote, sent: sending(&note{"hello"}), reply: newNote, opts: []grpc.CallOption{grpc.ForceCodec(jsonCodec(registeredJSON))}},
		{name: "JSON of a value", served: newNote, sent: sending(note{"hello"}), reply: newNote, opts: []grpc.CallOption{grpc.CallContentSubtype(registeredJSON)}},
		{name: "JSON of nothing", served: newNote, sent: sending(nil), reply: newNote, opts: []grpc.CallOption{grpc.CallContentSubtype(registeredJSON)}, code: codes.Internal, message: "unexpected end of JSON input"},
		{name: "JSON of a nil pointer", served: newNote, sent: sending((*note)(nil)), reply: newNote, opts: []grpc.CallOption{grpc.CallContentSubtype(registeredJSON)}},
		{name: "JSON of what cannot be encoded", served: newNote, sent: sending(make(chan int)), reply: newNote, opts: []grpc.CallOption{grpc.CallContentSubtype(registeredJSON)}, code: codes.Internal, message: "grpc: error while marshaling: json: unsupported type: chan int"},
		{name: "JSON that the server cannot decode", served: newNote, sent: sending(7), reply: newNote, opts: []grpc.CallOption{grpc.CallContentSubtype(registeredJSON)}, code: codes.Internal, message: "cannot unmarshal number"},
		{name: "JSON that the client cannot decode", served: newNote, sent: sending(&note{"hello"}), reply: func() any { return new(int) }, opts: []grpc.CallOption{grpc.CallContentSubtype(registeredJSON)}, code: codes.Internal, message: "grpc: failed to unmarshal the received message: json: cannot unmarshal object"},
		{name: "JSON that the server takes for another encoding", served: newText, sent: sending(&note{"hello"}), reply: newNote, opts: []grpc.CallOption{grpc.ForceCodec(jsonCodec("unregistered-json"))}, code: codes.Internal, message: "grpc: failed to unmarshal the received message"},

		{name: "a codec that cannot encode", served: newText, sent: sending(hello), reply: newText, opts: []grpc.CallOption{grpc.ForceCodec(refusing(errors.New("broken"), true, false))}, code: codes.Internal, message: "grpc: error while marshaling: broken"},
		{name: "a codec that cannot encode, with a status", served: newText, sent: sending(hello), reply: newText, opts: []grpc.CallOption{grpc.ForceCodec(refusing(errStatus, true, false))}, code: codes.Internal, message: "no such type"},
		{name: "a codec that cannot decode", served: newText, sent: sending(frameOf(hello)), reply: newText, opts: []grpc.CallOption{grpc.ForceCodec(refusing(errors.New("broken"), false, true))}, code: codes.Internal, message: "grpc: failed to unmarshal the received message: broken"},
		{name: "a codec that cannot decode, with a status", served: newText, sent: sending(frameOf(hello)), reply: newText, opts: []grpc.CallOption{grpc.ForceCodec(refusing(errStatus, false, true))}, code: codes.Internal, message: "no such type"},
		{name: "a frame that is no message", served: newText, sent: sending(&frame{[]byte("\xff")}), reply: newFrame, opts: []grpc.CallOption{grpc.ForceCodecV2(raw)}, code: codes.Internal, message: "grpc: failed to unmarshal the received message"},

		{name: "the last codec", served: newText, sent: sending(frameOf(hello)), reply: newFrame, opts: []grpc.CallOption{grpc.ForceCodec(jsonCodec("first")), grpc.ForceCodecV2(raw)}},
		{name: "the last subtype", served: newNote, sent: sending(&note{"hello"}), reply: newNote, opts: []grpc.CallOption{grpc.CallContentSubtype("unregistered"), grpc.CallContentSubtype(registeredJSON)}},
		{name: "the default codec by name", served: newText, sent: sending(hello), reply: newText, opts: []grpc.CallOption{grpc.CallContentSubtype("proto")}},
		{name: "the default codec by ForceCodecV2", served: newText, sent: sending(hello), reply: newText, opts: []grpc.CallOption{grpc.ForceCodecV2(encoding.GetCodecV2("proto"))}},
		{name: "frames that are not too large", served: newText, sent: sending(frameOf(hello)), reply: newFrame, opts: []grpc.CallOption{grpc.ForceCodecV2(raw), grpc.MaxCallSendMsgSize(7), grpc.MaxCallRecvMsgSize(7)}},
		{name: "the last limits", served: newText, sent: sending(hello), reply: newText, opts: []grpc.CallOption{grpc.MaxCallSendMsgSize(6), grpc.MaxCallRecvMsgSize(6), grpc.MaxCallSendMsgSize(7), grpc.MaxCallRecvMsgSize(7)}},
		{name: "frames that are too large to send", served: newText, sent: sending(frameOf(hello)), reply: newFrame, opts: []grpc.CallOption{grpc.ForceCodecV2(raw), grpc.MaxCallSendMsgSize(6)}, code: codes.ResourceExhausted, message: "7 vs. 6"},
		{name: "frames that are too large to receive", served: newText, sent: sending(frameOf(hello)), reply: newFrame, opts: []grpc.CallOption{grpc.ForceCodecV2(raw), grpc.MaxCallRecvMsgSize(6)}, code: codes.ResourceExhausted, message: "7 vs. 6"},

		{name: "a subtype that is not registered", served: newText, sent: sending(hello), reply: newText, opts: []grpc.CallOption{grpc.CallContentSubtype("unregistered")}, code: codes.Internal, message: "no codec registered for content-subtype unregistered"},
		{name: "a compressor that is not registered", served: newText, sent: sending(hello), reply: newText, opts: []grpc.CallOption{grpc.UseCompressor("unregistered")}, code: codes.Internal, message: `grpc: Compressor is not installed for requested grpc-encoding "unregistered"`},
		{name: "a subtype and a compressor that are not registered", served: newText, sent: sending(hello), reply: newText, opts: []grpc.CallOption{grpc.UseCompressor("unregistered"), grpc.CallContentSubtype("unregistered")}, code: codes.Internal, message: "no codec registered"},
		{name: "the last compressor", served: newText, sent: sending(hello), reply: newText, opts: []grpc.CallOption{grpc.UseCompressor("unregistered"), grpc.UseCompressor(encoding.Identity)}},
	} {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			e.compare(t)
		})
	}
}

// A codec is that of one call, and not of the next one.
func TestCodecOfACallIsNotThatOfTheNext(t *testing.T) {
	t.Parallel()
	contentType := func(ctx context.Context, cc grpc.ClientConnInterface, sent, reply any, opts ...grpc.CallOption) string {
		var header metadata.MD
		if err := cc.Invoke(ctx, unaryMethod, sent, reply, append(opts, grpc.Header(&header))...); err != nil {
			t.Error(err)
		}
		return strings.Join(header["content-type"], ", ")
	}
	for _, c := range connect.All(t, inprocchain.Chain{}, func(r grpc.ServiceRegistrar) { register(r, newText) }) {
		hello := wrapperspb.String("hello")
		first := contentType(t.Context(), c.Conn, hello, newText(), grpc.CallContentSubtype(registeredJSON))
		second := contentType(t.Context(), c.Conn, hello, newText())
		if first != "application/grpc+"+registeredJSON || second != "application/grpc" {
			t.Errorf("%s: the content types are %q and %q", c.Name, first, second)
		}
	}
}

// Generic clients, such as grpcurl and grpcdynamic, make messages from descriptors.
func TestDynamicMessagesAreSentAsOnANetwork(t *testing.T) {
	t.Parallel()
	descriptor := new(text).ProtoReflect().Descriptor()
	newDynamic := func() any { return dynamicpb.NewMessage(descriptor) }
	filled := func() any {
		m := dynamicpb.NewMessage(descriptor)
		if err := proto.Unmarshal(frameOf(wrapperspb.String("hello")).payload, m); err != nil {
			panic(err) // It has been encoded by us.
		}
		return m
	}
	for _, e := range []exchange{
		{name: "by the client", served: newText, sent: filled, reply: newDynamic},
		{name: "by the server", served: newDynamic, sent: sending(wrapperspb.String("hello")), reply: newText},
		{name: "by both", served: newDynamic, sent: filled, reply: newDynamic},
		{name: "received into another type", served: newText, sent: filled, reply: func() any { return new(wrapperspb.BytesValue) }},
		{name: "with a codec", served: newText, sent: filled, reply: newDynamic, opts: []grpc.CallOption{grpc.ForceCodecV2(frameCodec{encoding.GetCodecV2("proto")})}},
		{name: "to a server of frames", served: newFrame, sent: filled, reply: newDynamic, opts: []grpc.CallOption{grpc.ForceCodecV2(frameCodec{encoding.GetCodecV2("proto")}), grpc.CallContentSubtype(registeredFrames)}},
	} {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			e.compare(t)
		})
	}
}
