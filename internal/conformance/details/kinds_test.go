package details_test

import (
	"fmt"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain/internal/testpb"
)

// A messageKind makes equal messages of one kind.
type messageKind struct {
	name   string
	make   func() proto.Message
	memory int // of a message, if it is large
}

func messageKinds() []messageKind {
	return []messageKind{
		{name: "empty", make: func() proto.Message { return new(emptypb.Empty) }},
		{name: "empty FileOptions", make: func() proto.Message { return new(descriptorpb.FileOptions) }},
		{name: "empty StringValue", make: func() proto.Message { return new(wrapperspb.StringValue) }},
		{name: "ten bytes", make: func() proto.Message { return wrapperspb.Bytes(make([]byte, 10)) }},
		{name: "small Struct", make: func() proto.Message {
			return &structpb.Struct{Fields: map[string]*structpb.Value{"key": structpb.NewNumberValue(1)}}
		}},
		{name: "1 KiB", make: func() proto.Message { return wrapperspb.Bytes(make([]byte, 1<<10)) }},
		{name: "1 MiB", make: func() proto.Message { return wrapperspb.Bytes(make([]byte, 1<<20)) }, memory: 1 << 20},
		{name: "nested 100 times", make: func() proto.Message { return nested(100) }},
		{name: "maps", make: func() proto.Message { return withMaps(20) }},
		{name: "dynamic", make: func() proto.Message { return dynamic(withMaps(2)) }},
		{name: "unknown fields only", make: func() proto.Message { return unknownFields(20) }},
	}
}

func nested(depth int) *structpb.Value {
	m := structpb.NewNullValue()
	for range depth {
		m = structpb.NewListValue(&structpb.ListValue{Values: []*structpb.Value{m}})
	}
	return m
}

func withMaps(n int) *testpb.Open {
	m := &testpb.Open{Blobs: map[string][]byte{}, Named: map[int32]*testpb.Open{}}
	for i := range n {
		m.Blobs[fmt.Sprint(i)] = make([]byte, 10)
		m.Named[int32(i)] = new(testpb.Open)
	}
	return m
}

func dynamic(m proto.Message) *dynamicpb.Message {
	d := dynamicpb.NewMessage(m.ProtoReflect().Descriptor())
	proto.Merge(d, m)
	return d
}

// unknownFields returns a message with a field of n bytes that its type does not have.
func unknownFields(n int) *emptypb.Empty {
	m := new(emptypb.Empty)
	m.ProtoReflect().SetUnknown(append([]byte{0xfa, 0x3f, byte(n)}, make([]byte, n)...)) // field 1023
	return m
}
