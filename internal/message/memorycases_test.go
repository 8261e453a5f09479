package message

import (
	"fmt"
	"strings"

	pb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain/internal/testpb"
)

// A memoryCase makes equal messages of one kind.
type memoryCase struct {
	name    string
	make    func() any
	isPlain bool // It is no protobuf message, so only a cloner can copy it.
}

func memoryCases() []memoryCase {
	message := func(make func() proto.Message) func() any {
		return func() any { return freshStrings(make()) }
	}
	return []memoryCase{
		{name: "empty", make: func() any { return new(emptypb.Empty) }},
		{name: "nil", make: func() any { return nil }},
		{name: "empty FileOptions", make: func() any { return new(descriptorpb.FileOptions) }},
		{name: "empty StringValue", make: func() any { return new(wrapperspb.StringValue) }},
		{name: "ten bytes", make: func() any { return wrapperspb.Bytes(make([]byte, 10)) }},
		{name: "string of ten bytes", make: message(func() proto.Message { return wrapperspb.String(strings.Repeat("s", 10)) })},
		{name: "1 KiB", make: func() any { return wrapperspb.Bytes(make([]byte, 1<<10)) }},
		{name: "payload of 1 KiB", make: func() any { return &pb.SimpleRequest{Payload: &pb.Payload{Body: make([]byte, 1<<10)}} }},
		{name: "1 MiB", make: func() any { return wrapperspb.Bytes(make([]byte, 1<<20)) }},
		{name: "1 MiB and a byte", make: func() any { return wrapperspb.Bytes(make([]byte, 1<<20+1)) }},
		{name: "unknown fields only", make: func() any { return unknownFields(100) }},
		{name: "Struct of 1", make: message(func() proto.Message { return structWith(1) })},
		{name: "Struct of 8", make: message(func() proto.Message { return structWith(8) })},
		{name: "Struct of 100", make: message(func() proto.Message { return structWith(100) })},
		{name: "maps of 1", make: message(func() proto.Message { return maps(1) })},
		{name: "maps of 30", make: message(func() proto.Message { return maps(30) })},
		{name: "maps of 1000", make: message(func() proto.Message { return maps(1000) })},
		{name: "nested 1000 times", make: func() any { return nested(1000) }},
		{name: "opaque", make: message(func() proto.Message { return newOpaque() })},
		{name: "extension fields", make: func() any { return extended() }},
		{name: "extension fields of a nested opaque message", make: func() any { return opaqueExtended() }},
		{name: "dynamic", make: func() any { return dynamicOpen() }},
		{name: "no protobuf message", make: func() any { return newPlain() }, isPlain: true},
		{name: "no pointer", make: func() any { return *newPlain() }, isPlain: true},
	}
}

// A plain is no protobuf message.
type plain struct {
	Name     string
	Data     []byte
	Children []*plain
	ByName   map[string]*plain
	Any      any
	Parent   *plain
}

func newPlain() *plain {
	p := &plain{Name: strings.Repeat("n", 40), Data: make([]byte, 100), Any: []any{1, strings.Repeat("s", 30)}}
	p.Children = []*plain{{Parent: p}, {Parent: p, Data: make([]byte, 50)}}
	p.ByName = map[string]*plain{"first": p.Children[0], "second": p.Children[1]}
	return p
}

func unknownFields(n int) *emptypb.Empty {
	m := new(emptypb.Empty)
	m.ProtoReflect().SetUnknown(append([]byte{0xfa, 0x3f, byte(n)}, make([]byte, n)...)) // field 1023
	return m
}

func nested(depth int) *testpb.Open {
	m := new(testpb.Open)
	for range depth {
		m = &testpb.Open{Child: m}
	}
	return m
}

func newOpaque() *testpb.Opaque {
	m := new(testpb.Opaque)
	m.SetText(strings.Repeat("t", 20))
	m.SetParts([][]byte{make([]byte, 30), make([]byte, 50)})
	m.SetChildren([]*testpb.Opaque{{}, {}})
	m.SetNamed(map[int32]*testpb.Opaque{1: {}})
	m.SetChosenChild(new(testpb.Opaque))
	return m
}

func extended() *testpb.Open {
	m := new(testpb.Open)
	proto.SetExtension(m, testpb.E_ExtraData, make([]byte, 1000))
	proto.SetExtension(m, testpb.E_ExtraChild, nested(3))
	return m
}

func opaqueExtended() *testpb.Opaque {
	m, child := new(testpb.Opaque), new(testpb.Opaque)
	proto.SetExtension(child, testpb.E_OpaqueData, make([]byte, 1000))
	m.SetChild(child)
	return m
}

func structWith(n int) *structpb.Struct {
	s := &structpb.Struct{Fields: map[string]*structpb.Value{}}
	for i := range n {
		s.Fields[fmt.Sprint("key", i)] = structpb.NewStringValue(fmt.Sprint("value", i))
	}
	return s
}

func maps(n int) *testpb.Open {
	m := &testpb.Open{Blobs: map[string][]byte{}, Named: map[int32]*testpb.Open{}}
	for i := range n {
		m.Blobs[fmt.Sprint(i)] = make([]byte, 10)
		m.Named[int32(i)] = &testpb.Open{Number: proto.Int64(1)}
	}
	return m
}

func dynamicOpen() *dynamicpb.Message {
	src := maps(3)
	src.Children = []*testpb.Open{nested(2), nested(1)}
	src.Text = proto.String(strings.Repeat("t", 300))
	data, err := proto.Marshal(src)
	if err != nil {
		panic(err)
	}
	m := dynamicpb.NewMessage(src.ProtoReflect().Descriptor())
	if err := proto.Unmarshal(data, m); err != nil {
		panic(err)
	}
	return m
}

// freshStrings has strings that no other message has, as those that arrive have.
func freshStrings[M proto.Message](m M) M {
	data, err := proto.Marshal(m)
	if err != nil {
		panic(err)
	}
	fresh := m.ProtoReflect().New().Interface()
	if err := proto.Unmarshal(data, fresh); err != nil {
		panic(err)
	}
	return fresh.(M)
}
