package reliability_test

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc/encoding"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/testpb"
)

// A messageCase is a message to send, and the message that receives it.
type messageCase struct {
	name      string
	opts      []inprocchain.Option
	in        func() any // returns a new message with the same content
	out       func() any
	overwrite func(any)
	same      func(got, want any) bool
}

// messageCases returns messages with one field of each kind, for each pair of
// sent and received types.
func messageCases(t *testing.T) []messageCase {
	var all []messageCase
	for api, kinds := range map[protoreflect.MessageType]map[string]string{
		(*testpb.Open)(nil).ProtoReflect().Type():   openKinds,
		(*testpb.Opaque)(nil).ProtoReflect().Type(): opaqueKinds,
	} {
		for kind, text := range kinds {
			wire := wireOf(t, api, text)
			for _, pair := range pairs(api) {
				c := protoMessageCase(wire, pair.in, pair.out)
				c.name = string(api.Descriptor().Name()) + "/" + kind + "/" + pair.name
				c.opts = pair.opts
				all = append(all, c)
			}
		}
	}
	return append(all, jsonMessageCases()...)
}

// kinds has fields that both messages have.
var kinds = map[string]string{
	"scalar":           `number: 7 text: "seven"`,
	"bytes":            `data: "data"`,
	"repeated":         `numbers: 1 numbers: 2`,
	"repeated bytes":   `parts: "a" parts: "b"`,
	"repeated message": `children { data: "a" } children { text: "b" }`,
	"map":              `blobs { key: "k" value: "v" }`,
	"map of messages":  `named { key: 1 value { data: "one" } }`,
	"oneof":            `chosen_data: "chosen"`,
	"oneof message":    `chosen_child { data: "chosen" }`,
	"nested":           `child { child { data: "deep" } }`,
	"unknown":          unknownField,
}

var openKinds = kindsAnd(map[string]string{
	"group":              `Nested { inner: "inner" }`,
	"extension":          `[inprocchain.test.extra_data]: "extra"`,
	"extension message":  `[inprocchain.test.extra_child] { data: "extra" }`,
	"repeated extension": `[inprocchain.test.extra_parts]: "a" [inprocchain.test.extra_parts]: "b"`,
	"Any":                `any { type_url: "type.googleapis.com/none" value: "packed" }`,
})

var opaqueKinds = kindsAnd(map[string]string{
	"group":             `nested { data: "inner" }`,
	"extension":         `[inprocchain.test.opaque_data]: "extra"`,
	"extension message": `[inprocchain.test.opaque_child] { data: "extra" }`,
	"lazy":              `lazy_child { data: "lazy" lazy_child { parts: "lazier" } }`,
})

func kindsAnd(more map[string]string) map[string]string {
	maps.Copy(more, kinds)
	return more
}

// The text format cannot express unknown fields, so wireOf encodes this one itself.
const unknownField = "unknown"

// wireOf returns the encoding of a message in the text format.
func wireOf(t testing.TB, api protoreflect.MessageType, text string) []byte {
	if text == unknownField {
		return []byte{0xfa, 0x3f, 3, 'n', 'e', 'w'} // field 1023
	}
	m := api.New().Interface()
	if err := prototext.Unmarshal([]byte(text), m); err != nil {
		t.Fatal(err)
	}
	wire, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return wire
}

type pair struct {
	name    string
	in, out protoreflect.MessageType
	opts    []inprocchain.Option
}

func pairs(generated protoreflect.MessageType) []pair {
	dynamic := dynamicpb.NewMessageType(generated.Descriptor())
	codec := inprocgrpc.CodecClonerV2(encoding.GetCodecV2("proto"))
	clone := inprocgrpc.CloneFunc(func(m any) (any, error) { return proto.Clone(m.(proto.Message)), nil })
	return []pair{
		{"generated to generated", generated, generated, nil},
		{"generated to dynamic", generated, dynamic, nil},
		{"dynamic to generated", dynamic, generated, nil},
		{"dynamic to dynamic", dynamic, dynamic, nil},
		{"with a codec cloner", generated, generated, []inprocchain.Option{inprocchain.WithCloner(codec)}},
		{"with a clone function", generated, generated, []inprocchain.Option{inprocchain.WithCloner(clone)}},
		{"with stats handlers", generated, generated, []inprocchain.Option{
			inprocchain.WithServerStatsHandlers(&eventCounter{}), inprocchain.WithClientStatsHandlers(&eventCounter{}),
		}},
	}
}

func protoMessageCase(wire []byte, in, out protoreflect.MessageType) messageCase {
	read := func(into protoreflect.MessageType) any {
		m := into.New().Interface()
		if err := proto.Unmarshal(wire, m); err != nil {
			panic(err) // wireOf has marshaled it.
		}
		return m
	}
	return messageCase{
		in:        func() any { return read(in) },
		out:       func() any { return out.New().Interface() },
		overwrite: func(m any) { overwrite(m.(proto.Message).ProtoReflect()) },
		same: func(got, _ any) bool {
			m := got.(proto.Message)
			return proto.Equal(m, read(m.ProtoReflect().Type()).(proto.Message))
		},
	}
}

// overwrite changes every field in place, so that a message that shares memory
// with m changes, too.
func overwrite(m protoreflect.Message) {
	m.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		switch {
		case field.IsMap():
			overwriteMap(field, value.Map())
		case field.IsList():
			for i := range value.List().Len() {
				if v, replaced := overwritten(field, value.List().Get(i)); replaced {
					value.List().Set(i, v)
				}
			}
		default:
			if v, replaced := overwritten(field, value); replaced {
				m.Set(field, v)
			}
		}
		return true
	})
	unknown := m.GetUnknown()
	flip(unknown[max(0, len(unknown)-1):]) // The field remains well-formed.
}

func overwriteMap(field protoreflect.FieldDescriptor, m protoreflect.Map) {
	m.Range(func(key protoreflect.MapKey, value protoreflect.Value) bool {
		if v, replaced := overwritten(field.MapValue(), value); replaced {
			m.Set(key, v)
		}
		return true
	})
}

// overwritten changes value in place, or returns a different value if value cannot be
// changed in place.
func overwritten(field protoreflect.FieldDescriptor, value protoreflect.Value) (_ protoreflect.Value, replaced bool) {
	switch field.Kind() {
	case protoreflect.MessageKind, protoreflect.GroupKind:
		overwrite(value.Message())
	case protoreflect.BytesKind:
		flip(value.Bytes())
	case protoreflect.StringKind:
		return protoreflect.ValueOfString("overwritten"), true
	case protoreflect.Int64Kind:
		return protoreflect.ValueOfInt64(value.Int() + 1), true
	default:
		panic("the test messages have no field of kind " + field.Kind().String())
	}
	return value, false
}

func flip(data []byte) {
	for i := range data {
		data[i] ^= 0xff
	}
}

// A jsonMessage is not a protobuf message.
type jsonMessage struct {
	Text  string
	Data  []byte
	Tags  map[string]*jsonMessage
	Parts []*jsonMessage
}

func newJSONMessage() *jsonMessage {
	return &jsonMessage{
		Text: "text", Data: []byte("data"),
		Tags: map[string]*jsonMessage{"k": {Data: []byte("v")}}, Parts: []*jsonMessage{{Text: "part"}},
	}
}

func (n *jsonMessage) overwrite() {
	n.Text = "overwritten"
	flip(n.Data)
	for _, child := range n.Parts {
		child.overwrite()
	}
	for _, child := range n.Tags {
		child.overwrite()
	}
	if n.Tags != nil {
		n.Tags["more"] = new(jsonMessage)
	}
}

func (n *jsonMessage) clone() *jsonMessage {
	copied := &jsonMessage{Text: n.Text, Data: slices.Clone(n.Data)}
	for _, child := range n.Parts {
		copied.Parts = append(copied.Parts, child.clone())
	}
	for key, child := range n.Tags {
		if copied.Tags == nil {
			copied.Tags = map[string]*jsonMessage{}
		}
		copied.Tags[key] = child.clone()
	}
	return copied
}

type jsonCodec struct{}

func (jsonCodec) Marshal(v any) ([]byte, error)      { return json.Marshal(v) }
func (jsonCodec) Unmarshal(data []byte, v any) error { return json.Unmarshal(data, v) }
func (jsonCodec) Name() string                       { return "json" }

func jsonMessageCases() []messageCase {
	cloners := map[string]inprocgrpc.Cloner{
		"with a codec cloner": inprocgrpc.CodecCloner(jsonCodec{}),
		"with a clone function": inprocgrpc.CloneFunc(func(m any) (any, error) {
			if n, ok := m.(*jsonMessage); ok {
				return n.clone(), nil
			}
			return proto.Clone(m.(proto.Message)), nil
		}),
	}
	var all []messageCase
	for name, cloner := range cloners {
		all = append(all, messageCase{
			name:      "not protobuf/" + name,
			opts:      []inprocchain.Option{inprocchain.WithCloner(cloner)},
			in:        func() any { return newJSONMessage() },
			out:       func() any { return new(jsonMessage) },
			overwrite: func(m any) { m.(*jsonMessage).overwrite() },
			same:      func(got, want any) bool { return reflect.DeepEqual(got, want) },
		})
	}
	return all
}
