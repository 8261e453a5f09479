package message

import (
	"math/bits"
	"reflect"

	"google.golang.org/protobuf/proto"
)

// Memory returns an estimate of the bytes of heap that the message and its place in a queue
// hold. It includes what the message points to, the unused capacity of slices, and what the
// allocator adds. Call it before the message is handed over.
//
// It only reads the message, without package protoreflect, whose methods leave traces that
// reflect.DeepEqual finds. Messages with extension fields are the exception, since
// reflect.DeepEqual never finds two of them equal.
//
// A cloner's copy that cannot be read without a data race, such as a struct with a lock,
// counts as the largest message that grpc-go accepts by default.
func (in *Copy) Memory() int {
	if in.isShared {
		return place + min(memoryOfShared(in.msg.(proto.Message)), maxMemory)
	}
	return place + min(memoryOf(in.msg), maxMemory)
}

// place is the memory of a Copy in a queue. A slice that grows has up to as many unused
// elements as used ones.
var place = 2 * int(reflect.TypeFor[Copy]().Size())

const (
	// assumedSize is what a message counts as that cannot be measured.
	assumedSize = 4 << 20
	// Measuring ends at maxMemory, since a queue with such a message is full.
	maxMemory = 32 << 20
	// A value that contains itself is deeper than maxDepth, and counts as maxMemory. Messages
	// are not: a network refuses those that are nested more than 10,000 levels deep.
	maxDepth = 100_000
)

// memoryOfShared is memoryOf for a message that others may read. A copy is measured if reading
// may decode a part of it.
func memoryOfShared(msg proto.Message) int {
	m := measurer{isTree: true, isShared: true}
	m.measure(msg)
	if m.isLazy || m.hasExtensions {
		return memoryOf(proto.Clone(msg))
	}
	return m.bytes
}

func memoryOf(msg any) int {
	switch msg := msg.(type) {
	case nil:
		return 0
	case encoded:
		if cap(msg) == 0 {
			return 0
		}
		return allocated(sliceHeader) + allocated(cap(msg))
	}
	message, isProto := msg.(proto.Message)
	m := measurer{isTree: isProto}
	m.measure(msg)
	switch {
	case isProto && (m.hasExtensions || m.isUnknown):
		var r reflection
		r.addMessage(message.ProtoReflect())
		return r.bytes
	case m.isUnknown:
		return assumedSize
	}
	return m.bytes
}

// A measurer adds up the memory that values point to.
type measurer struct {
	isTree        bool // No two pointers point to one value, as in a protobuf message.
	bytes         int
	depth         int
	hasExtensions bool // Their values are missing in bytes.
	isUnknown     bool // There are values that cannot be read.
	isShared      bool // Others may read the values.
	isLazy        bool // Others may decode a shared value, which is not read then.

	visited map[pointer]bool // unless isTree
}

type pointer struct {
	to  uintptr
	typ reflect.Type
}

// measure adds the memory of msg, which an interface holds.
func (m *measurer) measure(msg any) {
	v := reflect.ValueOf(msg)
	l := layoutOf(v.Type())
	if l.kind != reflect.Pointer {
		m.bytes += allocated(l.size)
	}
	m.add(v, l)
}

// add adds the memory that v points to.
func (m *measurer) add(v reflect.Value, l *layout) {
	m.isLazy = m.isLazy || m.isShared && l.isLazy
	if m.bytes >= maxMemory || m.isUnknown || m.isLazy {
		return
	}
	if m.depth++; m.depth > maxDepth {
		m.bytes = maxMemory
	}
	switch l.kind {
	case reflect.String:
		m.bytes += allocated(v.Len())
	case reflect.Slice:
		m.bytes += allocated(v.Cap() * l.elem.size)
		m.addElements(v, l)
	case reflect.Array:
		m.addElements(v, l)
	case reflect.Struct:
		for _, field := range l.fields {
			m.add(v.Field(field.index), field.layout)
		}
	case reflect.Pointer:
		if !v.IsNil() && m.isNew(v, l) {
			m.bytes += allocated(l.elem.size)
			m.add(v.Elem(), l.elem)
		}
	case reflect.Interface:
		m.addInterface(v)
	case reflect.Map:
		m.addMap(v, l)
	case unknownKind:
		m.isUnknown = true
	}
	m.depth--
}

func (m *measurer) addElements(v reflect.Value, l *layout) {
	if l.elem.isFlat() {
		return
	}
	for i := range v.Len() {
		m.add(v.Index(i), l.elem)
	}
}

func (m *measurer) addInterface(v reflect.Value) {
	if v.IsNil() {
		return
	}
	v = v.Elem()
	l := layoutOf(v.Type())
	if l.kind != reflect.Pointer && l.kind != reflect.Map {
		m.bytes += allocated(l.size)
	}
	m.add(v, l)
}

// isNew reports whether a pointer has not been followed before.
func (m *measurer) isNew(v reflect.Value, l *layout) bool {
	if m.isTree || l.elem.isFlat() {
		return true
	}
	p := pointer{v.Pointer(), v.Type()}
	if m.visited[p] {
		return false
	}
	if m.visited == nil {
		m.visited = map[pointer]bool{}
	}
	m.visited[p] = true
	return true
}

// mapHeader is the size of a map without elements, and groupSlots how many elements a map
// has room for in one piece. See internal/runtime/maps of Go.
const (
	mapHeader  = 48
	groupSlots = 8
	maxInline  = 128 // A larger key or element is allocated by itself.
)

func (m *measurer) addMap(v reflect.Value, l *layout) {
	if v.IsNil() {
		return
	}
	m.bytes += mapMemory(v.Len(), l.key.size, l.elem.size)
	m.hasExtensions = m.hasExtensions || l.isExtensions && v.Len() > 0
	if l.isExtensions || l.key.isFlat() && l.elem.isFlat() {
		return
	}
	key, elem := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
	for entries := v.MapRange(); entries.Next(); {
		if v.CanInterface() { // Then a key and an element can be read without an allocation.
			key.SetIterKey(entries)
			elem.SetIterValue(entries)
		} else {
			key, elem = entries.Key(), entries.Value()
		}
		m.add(key, l.key)
		m.add(elem, l.elem)
	}
}

// mapMemory returns the memory of a map with n elements, without what they point to.
func mapMemory(n, key, elem int) int {
	if n == 0 {
		return mapHeader
	}
	slot, separate := 0, 0
	for _, size := range [...]int{key, elem} {
		if size > maxInline {
			separate += allocated(size)
			size = pointerSize
		}
		slot += size
	}
	slot = (slot + pointerSize - 1) &^ (pointerSize - 1)
	group := groupSlots + groupSlots*slot // A byte for each slot comes before the slots.
	groups := 1
	if n > groupSlots { // At most 7 of 8 slots are used, and their number is a power of two.
		groups = 1 << bits.Len(uint((n*8/7)/groupSlots))
	}
	return mapHeader + allocated(groups*group) + n*separate
}

const (
	pointerSize = bits.UintSize / 8
	sliceHeader = 3 * pointerSize
)

// allocated returns about how many bytes the allocator uses for an object of n bytes. Its size
// classes have a distance of about an eighth of the size, and large objects end with a page.
func allocated(n int) int {
	step := 8
	if n > 8 {
		step = min(max(16, 1<<bits.Len(uint(n-1))/16), 8<<10)
	}
	return (n + step - 1) &^ (step - 1)
}
