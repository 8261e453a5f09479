package message

import (
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
)

// isExact reports whether proto.Merge copies msg, which has the generated type t, to what a
// codec would deliver. It does not if the type has extensions, which arrive in another form,
// nor if it has fields that a codec decodes later. Unknown fields of msg may be malformed, or
// its type may know them; those of nested messages are not looked at, since a search
// costs too much.
func isExact(msg proto.Message, t *generatedType) bool {
	return t.isExact && len(msg.ProtoReflect().GetUnknown()) == 0
}

// isExactType looks at a type and all types of its fields, except those seen before.
func isExactType(message protoreflect.MessageDescriptor, seen map[protoreflect.FullName]bool) bool {
	if seen[message.FullName()] {
		return true
	}
	seen[message.FullName()] = true
	if message.ExtensionRanges().Len() > 0 {
		return false
	}
	for i := range message.Fields().Len() {
		field := message.Fields().Get(i)
		if isLazy(field) || field.Message() != nil && !isExactType(field.Message(), seen) {
			return false
		}
	}
	return true
}

func isLazy(field protoreflect.FieldDescriptor) bool {
	options, ok := field.Options().(*descriptorpb.FieldOptions)
	return ok && options.GetLazy()
}
