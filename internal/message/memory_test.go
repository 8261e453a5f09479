package message

import (
	"bytes"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	pb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain/internal/testpb"
)

func heap() int {
	var stats runtime.MemStats
	runtime.GC()
	runtime.GC() // The first one may leave what finalizers and pools keep.
	runtime.ReadMemStats(&stats)
	return int(stats.HeapAlloc)
}

// Measuring must leave no trace in a message.
func TestMemoryOnlyReads(t *testing.T) {
	for _, test := range memoryCases() {
		if strings.HasPrefix(test.name, "extension") || strings.HasPrefix(test.name, "dynamic") {
			continue // reflect.DeepEqual never finds two of them equal.
		}
		t.Run(test.name, func(t *testing.T) {
			measured, other := test.make(), test.make()
			if !reflect.DeepEqual(measured, other) {
				t.Fatal("two messages differ before one is measured")
			}
			memoryOf(measured)
			if !reflect.DeepEqual(measured, other) {
				t.Errorf("measuring has changed the message: %#v", measured)
			}
		})
	}
}

// Fields that are decoded when they are first read must stay encoded.
func TestMemoryDecodesNothing(t *testing.T) {
	m := new(testpb.Opaque)
	lazy := new(testpb.Opaque)
	lazy.SetData(make([]byte, 1<<20))
	m.SetLazyChild(lazy)
	m = freshStrings(m)
	before := heap()
	estimate := memoryOf(m)
	if grown := heap() - before; grown > 1<<19 {
		t.Errorf("measuring has added %d bytes", grown)
	}
	if estimate < 1<<20 || estimate > 3<<20 {
		t.Errorf("estimated %d bytes for an encoded field of 1 MiB", estimate)
	}
	runtime.KeepAlive(m)
}

// What goroutines share by a lock or the like must not be read.
func TestMemoryReadsNothingThatIsGuarded(t *testing.T) {
	type guarded struct {
		Mu     sync.Mutex
		values map[string]int
	}
	type holder struct{ Shared *guarded }
	for _, msg := range []any{
		&guarded{values: map[string]int{"a": 1}},
		&holder{&guarded{values: map[string]int{"a": 1}}},
		&holder{},
		&struct{ F func() }{},
		&struct{ C chan int }{},
		&struct{ A any }{&holder{}},
		&struct{ P ********sync.Mutex }{},
		&struct{ M map[*guarded]string }{},
	} {
		if got := memoryOf(msg); got != assumedSize {
			t.Errorf("memory of %T is %d, want the assumed size", msg, got)
		}
	}
}

func TestMemoryOfMessageThatContainsItself(t *testing.T) {
	p := newPlain()
	alone := memoryOf(p)
	p.Any = p
	p.Children[0].ByName = p.ByName
	if got := memoryOf(p); got <= 0 || got > 2*alone {
		t.Errorf("memory is %d, want about %d", got, alone)
	}
	list := make([]any, 1)
	list[0] = list
	if got := memoryOf(list); got < maxMemory {
		t.Errorf("memory of a list that contains itself is %d, want the largest value", got)
	}
	// Each level of a deep adds little memory but many calls, so the stack would overflow.
	type deep struct {
		Children [1][1][1][1][1][1][1][1][]deep
	}
	d := deep{[1][1][1][1][1][1][1][1][]deep{{{{{{{{make([]deep, 1)}}}}}}}}}
	d.Children[0][0][0][0][0][0][0][0][0] = d
	if got := memoryOf(&d); got < maxMemory {
		t.Errorf("memory of a struct that contains itself is %d, want the largest value", got)
	}
}

// What a part of a message adds to its memory.
func TestMemoryOfAPart(t *testing.T) {
	t.Parallel()
	withUnknown := dynamicOpen()
	withUnknown.SetUnknown(append([]byte{0xfa, 0x3f, 100}, make([]byte, 100)...))
	withNil := extended()
	withNil.Children = make([]*testpb.Open, 10)
	for _, test := range []struct {
		name          string
		with, without any
		want          int
	}{
		{"unused capacity", &plain{Data: make([]byte, 1, 1<<10)}, &plain{Data: make([]byte, 1)}, 1<<10 - 8},
		{"the location of a time", &struct{ T time.Time }{time.Now().In(time.FixedZone("zone", 1))}, &struct{ T time.Time }{}, 0},
		{"unknown fields of a dynamic message", withUnknown, dynamicOpen(), allocated(cap(withUnknown.GetUnknown()))},
		{"nil messages beside extension fields", withNil, extended(), allocated(10 * pointerSize)},
	} {
		if got := memoryOf(test.with) - memoryOf(test.without); got != test.want {
			t.Errorf("%s: the memory is %d, want %d", test.name, got, test.want)
		}
	}
}

func BenchmarkMemory(b *testing.B) {
	list := new(structpb.ListValue)
	for i := range 100 {
		list.Values = append(list.Values, structpb.NewStructValue(structWith(i%4+1)))
	}
	for _, bench := range []struct {
		name string
		msg  any
	}{
		{"Empty", new(emptypb.Empty)},
		{"BytesValue", wrapperspb.Bytes(make([]byte, 1<<10))},
		{"SimpleRequest", &pb.SimpleRequest{Payload: &pb.Payload{Body: make([]byte, 1<<10)}}},
		{"ListOf100Structs", list},
		{"Opaque", newOpaque()},
		{"encoded", encoded(bytes.Repeat([]byte{1}, 1<<10))},
	} {
		b.Run("of="+bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				memoryOf(bench.msg)
			}
		})
		if msg, ok := bench.msg.(proto.Message); ok {
			b.Run("of="+bench.name+"/by=proto.Clone", func(b *testing.B) {
				for b.Loop() {
					proto.Clone(msg)
				}
			})
		}
	}
}
