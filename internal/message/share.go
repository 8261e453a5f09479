package message

import (
	"reflect"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/runtime/protoimpl"
)

// A sharing says how the struct of a generated message is copied, so that the copy shares
// everything that the message points to.
//
// The struct is not copied by an assignment: proto.Size and proto.Marshal store the size in
// every message of a tree, and ProtoReflect stores its type, so others may write to these
// fields of a message that several goroutines only read. A copied map of extension fields
// would not be the struct's own.
type sharing struct {
	fields     []int // of the struct, with an exported name
	floats     []int // those of fields that can be a negative zero
	slices     []int // those of fields that are slices
	hasUnknown bool
	byReflect  bool // The fields are not exported, or there are extension fields.
}

// newSharing returns how messages with the struct t are shared, or nil if they are not. It knows
// the structs that protoc-gen-go generates. See genMessageFields of its internal_gengo/main.go
// and, for the opaque API, opaque.go.
func newSharing(t reflect.Type) *sharing {
	s := new(sharing)
	for i := range t.NumField() {
		switch field := t.Field(i); {
		case field.Name == "state" && field.Type == reflect.TypeFor[protoimpl.MessageState]():
			s.byReflect = s.byReflect || field.Tag.Get("protogen") == "opaque.v1"
		case field.Name == "sizeCache" && field.Type == reflect.TypeFor[protoimpl.SizeCache]():
		case field.Name == "unknownFields" && field.Type == reflect.TypeFor[protoimpl.UnknownFields]():
			s.hasUnknown = true
		case field.Name == "extensionFields" && field.Type == reflect.TypeFor[protoimpl.ExtensionFields]():
			s.byReflect = true
		case strings.HasPrefix(field.Name, "xxx_hidden_") || strings.HasPrefix(field.Name, "XXX_"):
			if !s.byReflect {
				return nil
			}
		case !field.IsExported():
			return nil
		default:
			s.fields = append(s.fields, i)
			switch field.Type.Kind() {
			case reflect.Float32, reflect.Float64:
				s.floats = append(s.floats, i)
			case reflect.Slice:
				s.slices = append(s.slices, i)
			}
		}
	}
	return s
}

// copy returns a message with a struct of its own that shares what in points to.
func (s *sharing) copy(in proto.Message) proto.Message {
	out := reflect.New(reflect.TypeOf(in).Elem())
	msg := out.Interface().(proto.Message)
	s.set(msg, in)
	return msg
}

// set sets the struct of out, which is empty and has the type of in. A slice of out has no
// spare capacity, so that its owner may append to it.
func (s *sharing) set(out, in proto.Message) {
	if s.byReflect {
		setByReflect(out.ProtoReflect(), in.ProtoReflect())
		return
	}
	to, from := reflect.ValueOf(out).Elem(), reflect.ValueOf(in).Elem()
	for _, i := range s.fields {
		if value := from.Field(i); !value.IsZero() { // This takes less time than Set.
			to.Field(i).Set(value)
		}
	}
	for _, i := range s.floats { // IsZero does not tell the zeros apart.
		to.Field(i).Set(from.Field(i))
	}
	for _, i := range s.slices {
		if slice := to.Field(i); !slice.IsNil() {
			slice.SetCap(slice.Len())
		}
	}
	if !s.hasUnknown {
		return
	}
	if unknown := in.ProtoReflect().GetUnknown(); len(unknown) > 0 {
		out.ProtoReflect().SetUnknown(unknown[:len(unknown):len(unknown)])
	}
}

// setByReflect is set for structs whose fields package reflect cannot set. A field that is
// decoded when it is first read is decoded. The lists of extension fields are copied, because
// two messages would have the same variable with the list.
func setByReflect(to, from protoreflect.Message) {
	from.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		if field.IsExtension() && field.IsList() {
			list := to.NewField(field).List()
			for i := range value.List().Len() {
				list.Append(value.List().Get(i))
			}
			value = protoreflect.ValueOfList(list)
		}
		to.Set(field, value)
		return true
	})
	if unknown := from.GetUnknown(); len(unknown) > 0 {
		to.SetUnknown(unknown[:len(unknown):len(unknown)])
	}
}
