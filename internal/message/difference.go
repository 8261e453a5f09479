package message

import (
	"bytes"
	"fmt"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// firstDifference returns the path of a field in which two messages of one type differ, such
// as spans[2].attributes[0].value. It is "" if they are equal.
func firstDifference(a, b protoreflect.Message) string {
	for _, field := range fieldsOf(a, b) {
		x, y := a.Get(field), b.Get(field)
		if a.Has(field) != b.Has(field) || !x.Equal(y) {
			return nameOf(field) + differenceWithin(field, x, y)
		}
	}
	if !bytes.Equal(a.GetUnknown(), b.GetUnknown()) {
		return "unknown fields"
	}
	return ""
}

// fieldsOf returns the fields of the type of two messages, and the extension fields that they
// have.
func fieldsOf(a, b protoreflect.Message) []protoreflect.FieldDescriptor {
	var all []protoreflect.FieldDescriptor
	declared := a.Descriptor().Fields()
	for i := range declared.Len() {
		all = append(all, declared.Get(i))
	}
	for _, msg := range []protoreflect.Message{a, b} {
		msg.Range(func(field protoreflect.FieldDescriptor, _ protoreflect.Value) bool {
			if field.IsExtension() {
				all = append(all, field)
			}
			return true
		})
	}
	return all
}

func nameOf(field protoreflect.FieldDescriptor) string {
	if field.IsExtension() {
		return "[" + string(field.FullName()) + "]"
	}
	return string(field.Name())
}

// differenceWithin returns what follows the name of a field in the path to a difference
// between two values of it.
func differenceWithin(field protoreflect.FieldDescriptor, x, y protoreflect.Value) string {
	switch {
	case field.IsMap():
		return differenceInMap(field, x.Map(), y.Map())
	case field.IsList():
		return differenceInList(field, x.List(), y.List())
	}
	return differenceInValue(field, x, y)
}

// differenceInMap returns the path for the whole map if the maps have other keys.
func differenceInMap(field protoreflect.FieldDescriptor, x, y protoreflect.Map) (path string) {
	if x.Len() != y.Len() {
		return ""
	}
	x.Range(func(key protoreflect.MapKey, value protoreflect.Value) bool {
		if !y.Has(key) {
			return false
		}
		if other := y.Get(key); !value.Equal(other) {
			path = fmt.Sprintf("[%v]", key) + differenceInValue(field.MapValue(), value, other)
		}
		return path == ""
	})
	return path
}

// differenceInList returns the path for the whole list if the lists have other lengths.
func differenceInList(field protoreflect.FieldDescriptor, x, y protoreflect.List) string {
	if x.Len() != y.Len() {
		return ""
	}
	for i := range x.Len() {
		if !x.Get(i).Equal(y.Get(i)) {
			return fmt.Sprintf("[%d]", i) + differenceInValue(field, x.Get(i), y.Get(i))
		}
	}
	return ""
}

func differenceInValue(field protoreflect.FieldDescriptor, x, y protoreflect.Value) string {
	if field.Message() == nil || !x.Message().IsValid() || !y.Message().IsValid() {
		return ""
	}
	if within := firstDifference(x.Message(), y.Message()); within != "" {
		return "." + within
	}
	return ""
}
