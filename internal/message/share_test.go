package message

import (
	"bytes"
	"math"
	"reflect"
	"sync"
	"testing"

	pb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain/internal/testpb"
)

// shareCases returns messages of all APIs with a field of every kind, some with values that a
// codec would normalize.
func shareCases() map[string]proto.Message {
	withExtensions, lazy, inside := new(testpb.Opaque), new(testpb.Opaque), new(testpb.Opaque)
	proto.SetExtension(withExtensions, testpb.E_OpaqueChild, newOpaque())
	lazy.SetLazyChild(newOpaque())
	inside.SetChild(lazy)
	open := maps(3)
	open.Children = []*testpb.Open{nested(2), nil}
	open.Choice = &testpb.Open_ChosenChild{ChosenChild: nested(1)}
	proto.SetExtension(open, testpb.E_ExtraParts, [][]byte{{1}, {2}})
	return map[string]proto.Message{
		"empty":                    new(testpb.Open),
		"negative zero":            wrapperspb.Double(math.Copysign(0, -1)),
		"flat":                     wrapperspb.Bytes([]byte("data")),
		"struct":                   structWith(3),
		"unknown fields":           unknownFields(10),
		"open":                     open,
		"extension fields":         extended(),
		"opaque":                   newOpaque(),
		"opaque, extension fields": withExtensions,
		"opaque, lazy":             freshStrings(lazy),
		"opaque, lazy inside":      freshStrings(inside),
		"nil in a oneof":           &testpb.Open{Choice: &testpb.Open_ChosenChild{}},
		"oneof with a nil wrapper": &testpb.Open{Choice: (*testpb.Open_ChosenChild)(nil)},
		"nil in a map":             &testpb.Open{Named: map[int32]*testpb.Open{1: nil}},
		"empty lists and maps":     &testpb.Open{Numbers: []int64{}, Blobs: map[string][]byte{}, Data: []byte{}},
	}
}

func TestSharedMessageIsEqual(t *testing.T) {
	for name, in := range shareCases() {
		t.Run(name, func(t *testing.T) {
			for how, send := range transfers {
				out := in.ProtoReflect().New().Interface()
				send(t, &Transfer{Share: true}, in, out)
				got, gotErr := proto.MarshalOptions{Deterministic: true}.Marshal(out)
				want, wantErr := proto.MarshalOptions{Deterministic: true}.Marshal(in)
				if !proto.Equal(out, in) || !bytes.Equal(got, want) || gotErr != nil || wantErr != nil {
					t.Errorf("%s: received %v, want %v (errors %v, %v)", how, out, in, gotErr, wantErr)
				}
			}
		})
	}
}

// transfers has one function for each way of a message to its receiver.
var transfers = map[string]func(*testing.T, *Transfer, any, any){
	"copied": func(t *testing.T, transfer *Transfer, in, out any) {
		var c Copy
		if err := transfer.Copy(&c, in, true); err != nil {
			t.Fatal(err)
		}
		handOver(t, transfer, &c, out)
	},
	"lent": func(t *testing.T, transfer *Transfer, in, out any) {
		var c Copy
		if err := transfer.Lend(&c, in, out, true); err != nil {
			t.Fatal(err)
		}
		handOver(t, transfer, &c, out)
	},
}

func handOver(t *testing.T, transfer *Transfer, c *Copy, out any) {
	t.Helper()
	if err := transfer.HandOver(out, c); err != nil {
		t.Fatal(err)
	}
}

// The receiver has a struct of its own: it may set fields, append to lists and set extension
// fields.
func TestReceiverOwnsItsStruct(t *testing.T) {
	for how, send := range transfers {
		t.Run(how, func(t *testing.T) {
			in := &testpb.Open{Numbers: append(make([]int64, 0, 10), 1), Data: append(make([]byte, 0, 10), 1)}
			proto.SetExtension(in, testpb.E_ExtraData, []byte("sent"))
			proto.SetExtension(in, testpb.E_ExtraParts, [][]byte{{1}})
			want := proto.Clone(in)
			first, second := &testpb.Open{Text: proto.String("old")}, new(testpb.Open)
			send(t, &Transfer{Share: true}, in, first)
			send(t, &Transfer{Share: true}, in, second)
			first.Number = proto.Int64(1)
			first.Numbers = append(first.Numbers, 2)
			first.Data = append(first.Data, 2)
			proto.SetExtension(first, testpb.E_ExtraChild, nested(1))
			proto.ClearExtension(first, testpb.E_ExtraData)
			proto.Merge(first, extendedParts())
			in.Text = proto.String("set by the sender")
			if !proto.Equal(second, want) {
				t.Errorf("another receiver has %v, want %v", second, want)
			}
			if in.Text = nil; !proto.Equal(in, want) {
				t.Errorf("the sender has %v, want %v", in, want)
			}
			if first.Text != nil {
				t.Error("the receiver has a field that it had before")
			}
		})
	}
}

// extendedParts has an extension field to which proto.Merge appends.
func extendedParts() *testpb.Open {
	m := new(testpb.Open)
	proto.SetExtension(m, testpb.E_ExtraParts, [][]byte{{2}})
	return m
}

func TestReceiverSharesWhatTheStructPointsTo(t *testing.T) {
	open, opaque := &testpb.Open{Child: nested(1), Children: []*testpb.Open{nested(1)}}, newOpaque()
	proto.SetExtension(open, testpb.E_ExtraChild, nested(1))
	for how, send := range transfers {
		received, receivedOpaque := new(testpb.Open), new(testpb.Opaque)
		send(t, &Transfer{Share: true}, open, received)
		send(t, &Transfer{Share: true}, opaque, receivedOpaque)
		for what, same := range map[string]bool{
			"message":             received.Child == open.Child,
			"element of a list":   received.Children[0] == open.Children[0],
			"extension":           proto.GetExtension(received, testpb.E_ExtraChild) == proto.GetExtension(open, testpb.E_ExtraChild),
			"opaque list element": receivedOpaque.GetChildren()[0] == opaque.GetChildren()[0],
			"opaque oneof":        receivedOpaque.GetChosenChild() == opaque.GetChosenChild(),
		} {
			if !same {
				t.Errorf("%s: the receiver has a copy of the %s", how, what)
			}
		}
	}
}

func TestSharedMessageNeedsItsRequiredFields(t *testing.T) {
	var c Copy
	if err := (&Transfer{Share: true}).Copy(&c, new(testpb.Required), false); err == nil {
		t.Error("a message without a required field was sent")
	}
}

// A notGenerated has a field that no generated struct has.
type notGenerated struct{ _ int }

func TestUnknownStructsAreNotShared(t *testing.T) {
	if newSharing(reflect.TypeFor[notGenerated]()) != nil {
		t.Error("the struct would be copied without a field")
	}
}

// Several goroutines may send a message, and a part of it, while others read it. The race
// detector finds a copy of the struct that reads what proto.Size stores.
func TestSharingOnlyReads(t *testing.T) {
	for name, in := range shareCases() {
		t.Run(name, func(t *testing.T) {
			var all sync.WaitGroup
			for _, use := range []func(){
				func() { proto.Size(in) },
				func() { _, _ = proto.Marshal(in) },
				func() { proto.Clone(in) },
				func() { transfers["copied"](t, &Transfer{Share: true}, in, in.ProtoReflect().New().Interface()) },
				func() { transfers["lent"](t, &Transfer{Share: true}, in, in.ProtoReflect().New().Interface()) },
				func() { memoryOfShared(in) }, // as a queue does
			} {
				all.Go(func() {
					for range 50 {
						use()
					}
				})
			}
			all.Wait()
		})
	}
}

// BenchmarkShare compares sharing with a copy.
func BenchmarkShare(b *testing.B) {
	for name, in := range map[string]proto.Message{"empty": new(pb.SimpleRequest), "flat": wrapperspb.Bytes(make([]byte, 1<<10)), "opaque": newOpaque(), "extensions": extended(), "struct": structWith(100)} {
		for how, transfer := range map[string]*Transfer{"copy": {}, "share": {Share: true}} {
			b.Run("message="+name+"/by="+how, func(b *testing.B) {
				b.ReportAllocs()
				out := in.ProtoReflect().New().Interface()
				for b.Loop() {
					var c Copy
					if err := transfer.Lend(&c, in, out, false); err != nil {
						b.Fatal(err)
					}
					if err := transfer.HandOver(out, &c); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
