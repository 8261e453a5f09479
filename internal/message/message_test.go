package message

import (
	"reflect"
	"testing"

	pb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// BenchmarkMove compares two ways of moving a message with a deep copy.
func BenchmarkMove(b *testing.B) {
	src := &pb.SimpleRequest{Payload: &pb.Payload{Body: make([]byte, 1<<10)}, ResponseSize: 3, FillUsername: true}
	for _, test := range []struct {
		name string
		move func(dst, src proto.Message)
	}{
		{"struct", func(dst, src proto.Message) { reflect.ValueOf(dst).Elem().Set(reflect.ValueOf(src).Elem()) }},
		{"fields", func(dst, src proto.Message) {
			to := dst.ProtoReflect()
			src.ProtoReflect().Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
				to.Set(field, value)
				return true
			})
		}},
		{"copy", proto.Merge},
	} {
		b.Run("by="+test.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				test.move(new(pb.SimpleRequest), src)
			}
		})
	}
}
