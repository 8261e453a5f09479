package details_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/conformance/connect"
	"github.com/inprocchain/inprocchain/internal/conformance/internal/extension"
	"github.com/inprocchain/inprocchain/internal/testpb"
)

// Messages that are not as usual must arrive, or fail, as on a network.
func TestUnusualMessagesArriveAsOnANetwork(t *testing.T) {
	t.Parallel()
	for _, message := range unusualMessages() {
		t.Run(message.name, func(t *testing.T) {
			t.Parallel()
			received := make(chan string, 1) // by the handler
			record := func(req any) {
				select {
				case received <- describe(req):
				default:
				}
			}
			serve := service{
				request: message.empty,
				unary: func(_ context.Context, req any) (any, error) {
					record(req)
					return message.make(), nil
				},
				stream: func(stream grpc.ServerStream) error {
					req := message.empty()
					if err := stream.RecvMsg(req); err != nil {
						return err
					}
					record(req)
					return stream.SendMsg(message.make())
				},
			}
			network := map[string]string{}
			for _, c := range connect.All(t, inprocchain.Chain{}, serve.register) {
				for what, call := range map[string]func(context.Context, grpc.ClientConnInterface, any, any) error{
					"unary request": exchangeUnary, "stream request": exchangeStream,
					"unary response": exchangeUnary, "stream response": exchangeStream,
				} {
					req, reply := message.make(), message.empty()
					if strings.HasSuffix(what, "response") {
						req = message.empty() // which arrives, so that the handler responds
					}
					ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
					err := call(ctx, c.Conn, req, reply)
					cancel()
					got := fmt.Sprintf("the handler got %s, the caller %s and %v", takeIfAny(received), describe(reply), err)
					if !c.InProcess {
						network[what] = got
					} else if got != network[what] {
						t.Errorf("%s, %s:\n%s\nwant as on a network:\n%s", c.Name, what, got, network[what])
					}
				}
			}
		})
	}
}

func takeIfAny(received chan string) string {
	select {
	case text := <-received:
		return text
	default:
		return "nothing"
	}
}

func exchangeUnary(ctx context.Context, cc grpc.ClientConnInterface, req, reply any) error {
	return cc.Invoke(ctx, unaryMethod, req, reply)
}

func exchangeStream(ctx context.Context, cc grpc.ClientConnInterface, req, reply any) error {
	stream, err := cc.NewStream(ctx, bidi, bidiMethod)
	if err != nil {
		return err
	}
	if err := stream.SendMsg(req); err != nil && err != io.EOF {
		return err
	}
	return stream.RecvMsg(reply)
}

// describe tells known from unknown fields.
func describe(m any) string {
	msg := m.(proto.Message).ProtoReflect()
	text := fmt.Sprintf("unknown %x", msg.GetUnknown())
	msg.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		text += fmt.Sprintf(", %s: %s", field.FullName(), describeField(field, value))
		return true
	})
	return text
}

func describeField(field protoreflect.FieldDescriptor, value protoreflect.Value) string {
	describeOne := func(value protoreflect.Value) string {
		if field.Message() == nil || field.IsMap() {
			return fmt.Sprintf("%#v", value.Interface())
		}
		return fmt.Sprintf("{valid %t, %s}", value.Message().IsValid(), describe(value.Message().Interface()))
	}
	switch {
	case field.IsMap():
		return fmt.Sprint(value.Map().Len(), " entries")
	case field.IsList():
		text := ""
		for i := range value.List().Len() {
			text += describeOne(value.List().Get(i)) + ";"
		}
		return text
	}
	return describeOne(value)
}

// An unusualMessage is sent, and received into a message that empty makes.
type unusualMessage struct {
	name        string
	make, empty func() any
}

func unusualMessages() []unusualMessage {
	text := func() any { return new(wrapperspb.StringValue) }
	open := func() any { return new(testpb.Open) }
	opaque := func() any { return new(testpb.Opaque) }
	type plain struct{ Text string }
	return []unusualMessage{
		{"nil", func() any { return nil }, text},
		{"nil pointer to a message", func() any { return (*wrapperspb.StringValue)(nil) }, text},
		{"nil pointer to a message with a required field", func() any { return (*testpb.Required)(nil) }, func() any { return new(testpb.Required) }},
		{"nil pointer to no message", func() any { return (*plain)(nil) }, text},
		{"no message", func() any { return plain{"text"} }, text},
		{"nil elements", func() any {
			return &testpb.Open{Parts: [][]byte{nil}, Children: []*testpb.Open{nil}, Named: map[int32]*testpb.Open{1: nil}, Choice: &testpb.Open_ChosenChild{}}
		}, open},
		{"nil elements of an extension", func() any {
			m := new(testpb.Open)
			proto.SetExtension(m, testpb.E_ExtraParts, [][]byte{nil, {}, []byte("part")})
			return m
		}, open},
		{"nil elements of an extension of messages", func() any {
			m := new(testpb.Open)
			proto.SetExtension(m, extension.Children, []*testpb.Open{nil, {Text: proto.String("second")}})
			return m
		}, open},
		{"unknown bytes of a field", func() any { return withUnknown(text(), 0x0a, 1, 'x') }, text},
		{"unknown bytes of a field of the opaque API", func() any { return withUnknown(opaque(), 0x12, 1, 'x') }, opaque},
		{"unknown bytes of an extension", func() any { return withUnknown(open(), 0xa2, 0x06, 1, 'x') }, open},
		{"unknown bytes of an extension in a nested message", func() any {
			return &testpb.Open{Child: withUnknown(open(), 0xa2, 0x06, 1, 'x').(*testpb.Open)}
		}, open},
		{"unknown bytes of no field", func() any { return unknownFields(3) }, func() any { return new(emptypb.Empty) }},
		{"malformed unknown bytes", func() any { return withUnknown(text(), 0xff, 0xff) }, text},
		{"unknown bytes that end early", func() any { return withUnknown(text(), 0x0a, 9, 'x') }, text},
		{"malformed unknown bytes in a nested message with extensions", func() any {
			return &testpb.Open{Child: withUnknown(open(), 0xff, 0xff).(*testpb.Open)}
		}, open},
	}
}

func withUnknown(m any, data ...byte) any {
	m.(proto.Message).ProtoReflect().SetUnknown(data)
	return m
}
