//go:build !race

package random_test

import (
	"bytes"
	"fmt"
	"hash/fnv"
	"reflect"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain/internal/conformance/internal/extension"
	"github.com/inprocchain/inprocchain/internal/testpb"
)

// A messageKind makes messages of one kind.
type messageKind struct {
	name  string
	make  func() any
	empty func() any // what receives it; nil for an empty message of the same type

	isLarge bool // It does not fit into the flow-control window of a network.
}

// open returns a kind of testpb.Open.
func open(name string, set func(*testpb.Open)) messageKind {
	return messageKind{name: name, make: func() any {
		m := new(testpb.Open)
		set(m)
		return m
	}}
}

var messages = []messageKind{
	{name: "StringValue", make: func() any { return wrapperspb.String("text") }},
	{name: "Struct", make: func() any {
		s, _ := structpb.NewStruct(map[string]any{"a": 1, "b": []any{"c", nil, map[string]any{"d": true}}})
		return s
	}},
	open("nested messages", func(m *testpb.Open) {
		m.Child = &testpb.Open{Child: &testpb.Open{Text: proto.String("t")}, Data: []byte("d")}
		m.Children = []*testpb.Open{{Number: proto.Int64(1), Child: new(testpb.Open)}, {}}
		m.Named = map[int32]*testpb.Open{1: {Text: proto.String("t")}}
		m.Blobs = map[string][]byte{"a": []byte("b"), "c": {}}
	}),
	open("group, oneof and any", func(m *testpb.Open) {
		m.Nested = &testpb.Open_Nested{Inner: []byte("inner")}
		m.Choice = &testpb.Open_ChosenChild{ChosenChild: &testpb.Open{Text: proto.String("t")}}
		m.Any, _ = anypb.New(wrapperspb.String("any"))
	}),
	open("extensions", func(m *testpb.Open) {
		proto.SetExtension(m, testpb.E_ExtraData, []byte("data"))
		proto.SetExtension(m, testpb.E_ExtraChild, &testpb.Open{Child: new(testpb.Open)})
		proto.SetExtension(m, testpb.E_ExtraParts, [][]byte{[]byte("p"), {}})
	}),
	open("nil elements of an extension", func(m *testpb.Open) {
		proto.SetExtension(m, extension.Children, []*testpb.Open{nil, {Text: proto.String("second")}})
	}),
	open("empty lists, maps and bytes", func(m *testpb.Open) {
		m.Data, m.Numbers, m.Parts, m.Blobs = []byte{}, []int64{}, [][]byte{{}, nil}, map[string][]byte{}
	}),
	open("nil elements", func(m *testpb.Open) {
		m.Children = []*testpb.Open{nil, {}}
		m.Named = map[int32]*testpb.Open{1: nil}
	}),
	open("unknown bytes that its type knows", func(m *testpb.Open) {
		m.ProtoReflect().SetUnknown([]byte{0x08, 0x07}) // field 1
	}),
	open("malformed unknown bytes", func(m *testpb.Open) { m.ProtoReflect().SetUnknown([]byte{0x0a}) }),
	{name: "unknown fields", make: func() any {
		m := new(emptypb.Empty)
		m.ProtoReflect().SetUnknown([]byte{0xfa, 0x3f, 1, 'x'})
		return m
	}},
	{name: "another type than the receiver's", make: func() any { return wrapperspb.String("text") }, empty: func() any { return new(testpb.Open) }},
	{name: "opaque", make: func() any {
		m, child := new(testpb.Opaque), new(testpb.Opaque)
		child.SetText("t")
		m.SetChild(child)
		m.SetLazyChild(child)
		m.SetNested(child)
		m.SetChildren([]*testpb.Opaque{child, {}})
		return m
	}},
	{name: "dynamic", make: func() any {
		m := dynamicpb.NewMessage((*testpb.Open)(nil).ProtoReflect().Descriptor())
		proto.Merge(m, &testpb.Open{Text: proto.String("t"), Children: []*testpb.Open{{}}})
		return m
	}, empty: func() any { return new(testpb.Open) }},
	{name: "received into a dynamic message", make: func() any { return &testpb.Open{Text: proto.String("t"), Child: new(testpb.Open)} }, empty: func() any {
		return dynamicpb.NewMessage((*testpb.Open)(nil).ProtoReflect().Descriptor())
	}},
	{name: "without a required field", make: func() any { return new(testpb.Required) }},
	{name: "empty FileOptions", make: func() any { return new(descriptorpb.FileOptions) }},
	{name: "100 KiB", make: func() any { return wrapperspb.Bytes(bytes.Repeat([]byte("x"), 100<<10)) }, isLarge: true},
	{name: "no protobuf message", make: func() any { return &plain{"text"} }, empty: func() any { return new(wrapperspb.StringValue) }},
	{name: "nil pointer that is no protobuf message", make: func() any { return (*plain)(nil) }, empty: func() any { return new(wrapperspb.StringValue) }},
}

// A plain is no protobuf message.
type plain struct{ Text string }

// messageArgs are the messages that a step may send.
var messageArgs = []string{"a message", "an empty message", "nil", "a nil pointer"}

// newMessage returns a message for an argument.
func (r *run) newMessage(arg int) any {
	switch arg {
	case 1:
		return r.emptyMessage()
	case 2:
		return nil
	case 3:
		if _, ok := r.emptyMessage().(*dynamicpb.Message); ok {
			return r.emptyMessage() // proto.Size panics for a nil one.
		}
		return reflect.Zero(reflect.TypeOf(r.emptyMessage())).Interface()
	default:
		return messages[r.message].make()
	}
}

// emptyMessage returns a message into which something is received.
func (r *run) emptyMessage() any {
	kind := messages[r.message]
	if kind.empty != nil {
		return kind.empty()
	}
	return kind.make().(proto.Message).ProtoReflect().New().Interface()
}

// describe describes a message that has arrived, and says whether it is deeply equal to
// one that comes from a network. It may change the message's caches, so its owner calls it.
func (r *run) describe(m any) string {
	sent, ok := messages[r.message].make().(proto.Message)
	if !ok {
		return describeSent(m)
	}
	data, _ := proto.MarshalOptions{AllowPartial: true}.Marshal(sent)
	decoded := r.emptyMessage()
	_ = proto.UnmarshalOptions{AllowPartial: true}.Unmarshal(data, decoded.(proto.Message))
	equal := reflect.DeepEqual(m, decoded) || reflect.DeepEqual(m, r.emptyMessage())
	return fmt.Sprint(describeSent(m), " deeply equal: ", equal)
}

// describeSent describes a message without a change of it.
func describeSent(message any) string {
	m, ok := message.(proto.Message)
	switch {
	case !ok:
		return fmt.Sprintf("%T", message)
	case !m.ProtoReflect().IsValid():
		return fmt.Sprintf("nil %T", message)
	}
	hash := fnv.New32()
	describeFields(m.ProtoReflect(), func(text string) { hash.Write([]byte(text)) })
	return fmt.Sprintf("%s#%x", m.ProtoReflect().Descriptor().Name(), hash.Sum32())
}

// describeFields calls add for each field, in an order that does not change.
func describeFields(m protoreflect.Message, add func(string)) {
	var fields []string
	m.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		fields = append(fields, string(field.FullName())+describeValue(field, value))
		return true
	})
	slices.Sort(fields)
	add(strings.Join(fields, ",") + fmt.Sprintf("unknown %x", m.GetUnknown()))
}

func describeValue(field protoreflect.FieldDescriptor, value protoreflect.Value) string {
	one := func(field protoreflect.FieldDescriptor, value protoreflect.Value) string {
		if field.Message() == nil {
			return fmt.Sprintf("%#v", value.Interface())
		}
		var text string
		describeFields(value.Message(), func(fields string) { text = fields })
		return fmt.Sprint(value.Message().IsValid(), "{", text, "}")
	}
	var elements []string
	switch {
	case field.IsMap():
		value.Map().Range(func(key protoreflect.MapKey, value protoreflect.Value) bool {
			elements = append(elements, key.String()+":"+one(field.MapValue(), value))
			return true
		})
		slices.Sort(elements)
	case field.IsList():
		for i := range value.List().Len() {
			elements = append(elements, one(field, value.List().Get(i)))
		}
	default:
		return one(field, value)
	}
	return fmt.Sprint(elements)
}

// spoil writes to a message after it has been sent, as its owner may.
func spoil(message any) {
	switch m := message.(type) {
	case *wrapperspb.StringValue:
		if m != nil {
			m.Value = "changed"
		}
	case *wrapperspb.BytesValue:
		if m != nil && len(m.Value) > 0 {
			m.Value[0] = 'y'
		}
	case *testpb.Open:
		if m != nil {
			m.Number = proto.Int64(99)
			for _, child := range m.Children {
				if child != nil {
					child.Text = proto.String("changed")
				}
			}
		}
	}
}
