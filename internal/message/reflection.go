package message

import "google.golang.org/protobuf/reflect/protoreflect"

// A reflection adds up the memory of messages with values that a measurer cannot read:
// extension fields, and the fields of package dynamicpb.
type reflection struct{ bytes int }

const (
	dynamicSize = 96              // of a dynamicpb.Message
	valueSize   = 3 * pointerSize // of a protoreflect.Value
)

// addMessage adds a message and all that it points to.
func (r *reflection) addMessage(msg protoreflect.Message) {
	r.addHidden(msg) // This may decode fields, and so it comes first.
	m := measurer{isTree: true}
	m.measure(msg.Interface())
	if m.isUnknown {
		r.bytes += allocated(cap(msg.GetUnknown()))
		return
	}
	r.bytes += m.bytes
}

// addHidden adds what a measurer leaves out of a message and of those in it.
func (r *reflection) addHidden(msg protoreflect.Message) {
	if !msg.IsValid() {
		return
	}
	isDynamic, fields := isDynamic(msg), 0
	msg.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		fields++
		if isDynamic || field.IsExtension() {
			r.addField(field, value)
		} else {
			eachMessage(field, value, r.addHidden)
		}
		return true
	})
	if isDynamic {
		r.bytes += dynamicSize + mapMemory(fields, pointerSize, valueSize)
	}
}

func isDynamic(msg protoreflect.Message) bool {
	return infoOf(msg.Interface()) == nil
}

// eachMessage calls f for the messages of a field.
func eachMessage(field protoreflect.FieldDescriptor, value protoreflect.Value, f func(protoreflect.Message)) {
	switch {
	case field.Message() == nil:
	case field.IsMap():
		if field.MapValue().Message() == nil {
			return
		}
		value.Map().Range(func(_ protoreflect.MapKey, elem protoreflect.Value) bool {
			f(elem.Message())
			return true
		})
	case field.IsList():
		for i := range value.List().Len() {
			f(value.List().Get(i).Message())
		}
	default:
		f(value.Message())
	}
}

func (r *reflection) addField(field protoreflect.FieldDescriptor, value protoreflect.Value) {
	switch {
	case field.IsMap():
		r.bytes += mapMemory(value.Map().Len(), 2*pointerSize, valueSize)
		value.Map().Range(func(key protoreflect.MapKey, elem protoreflect.Value) bool {
			r.addValue(field.MapKey(), key.Value())
			r.addValue(field.MapValue(), elem)
			return true
		})
	case field.IsList():
		r.bytes += allocated(value.List().Len() * valueSize)
		for i := range value.List().Len() {
			r.addValue(field, value.List().Get(i))
		}
	default:
		r.addValue(field, value)
	}
}

func (r *reflection) addValue(field protoreflect.FieldDescriptor, value protoreflect.Value) {
	switch field.Kind() {
	case protoreflect.MessageKind, protoreflect.GroupKind:
		r.addMessage(value.Message())
	case protoreflect.StringKind:
		r.bytes += allocated(len(value.String()))
	case protoreflect.BytesKind:
		r.bytes += allocated(cap(value.Bytes()))
	}
}
