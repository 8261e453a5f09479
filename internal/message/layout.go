package message

import (
	"reflect"
	"strings"
	"sync"
	"time"

	"google.golang.org/protobuf/runtime/protoimpl"
)

// A layout says where values of a Go type have pointers.
type layout struct {
	kind   reflect.Kind // Bool for every type without pointers
	size   int
	elem   *layout       // of a pointer, slice, array or map
	key    *layout       // of a map
	fields []fieldLayout // of a struct: those with pointers

	isLazy       bool // a message with fields that are decoded when they are first read
	isExtensions bool // the extension fields of a message, whose values reflect cannot read
}

type fieldLayout struct {
	index  int
	layout *layout
}

const (
	flatKind    = reflect.Bool
	unknownKind = reflect.Invalid // Other goroutines may write to such a value.
)

func (l *layout) isFlat() bool { return l.kind == flatKind }

// layouts has the layout of each reflect.Type that was asked for.
var layouts sync.Map

func layoutOf(t reflect.Type) *layout {
	if known, ok := layouts.Load(t); ok {
		return known.(*layout)
	}
	b := layoutBuilder{}
	l := b.build(t)
	b.spreadUnknown()
	layouts.Store(t, l)
	return l
}

// A layoutBuilder has the layouts of the types that a type refers to, itself included.
type layoutBuilder map[reflect.Type]*layout

func (b layoutBuilder) build(t reflect.Type) *layout {
	if known := b[t]; known != nil {
		return known
	}
	l := &layout{kind: t.Kind(), size: int(t.Size())}
	b[t] = l
	switch {
	case t == reflect.TypeFor[protoimpl.MessageState](), t == reflect.TypeFor[time.Time]():
		l.kind = flatKind // It points to what all messages, or times, share.
		return l
	case t == reflect.TypeFor[protoimpl.ExtensionFields]():
		l.isExtensions = true
	case isGuard(t):
		l.kind = unknownKind
		return l
	}
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		b.buildElements(l, t)
	case reflect.Struct:
		b.buildFields(l, t)
	case reflect.Chan, reflect.Func, reflect.UnsafePointer:
		l.kind = unknownKind
	case reflect.String, reflect.Interface:
	default:
		l.kind = flatKind
	}
	return l
}

func (b layoutBuilder) buildElements(l *layout, t reflect.Type) {
	if t.Kind() == reflect.Map {
		l.key = b.build(t.Key())
	}
	if l.isExtensions {
		l.elem = &layout{kind: flatKind, size: int(t.Elem().Size())}
		return
	}
	l.elem = b.build(t.Elem())
	if t.Kind() == reflect.Array && (t.Len() == 0 || l.elem.isFlat()) {
		l.kind = flatKind
	}
}

func (b layoutBuilder) buildFields(l *layout, t reflect.Type) {
	for i := range t.NumField() {
		l.isLazy = l.isLazy || t.Field(i).Type == reflect.TypeFor[protoimpl.LazyUnmarshalInfo]()
		if field := b.build(t.Field(i).Type); !field.isFlat() {
			l.fields = append(l.fields, fieldLayout{i, field})
		}
	}
	if len(l.fields) == 0 {
		l.kind = flatKind
	}
}

// spreadUnknown makes every type unknown that refers to an unknown one. A measurer then reads
// no part of it.
func (b layoutBuilder) spreadUnknown() {
	for changed := true; changed; {
		changed = false
		for _, l := range b {
			if l.kind != unknownKind && l.refersToUnknown() {
				l.kind, changed = unknownKind, true
			}
		}
	}
}

func (l *layout) refersToUnknown() bool {
	for _, field := range l.fields {
		if field.layout.kind == unknownKind {
			return true
		}
	}
	return l.elem != nil && l.elem.kind == unknownKind || l.key != nil && l.key.kind == unknownKind
}

// isGuard reports whether the type belongs to a lock or to another means by which goroutines
// share a value.
func isGuard(t reflect.Type) bool {
	path := t.PkgPath()
	return path == "sync" || path == "sync/atomic" || path == "context" || path == "unique" || strings.HasPrefix(path, "internal/")
}
