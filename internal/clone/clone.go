// Package clone copies messages between caller and handler: once, and whoever
// receives the copy owns it.
package clone

import (
	"bytes"
	"reflect"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/runtime/protoimpl"
)

// Owned is a message that has been copied and has a single owner, who may hand
// it over. The zero Owned is an empty message.
type Owned struct {
	msg    any           // a copy, or its wire where only a codec can copy it
	fields reflect.Value // the struct of msg, if its type is generated
	size   int           // once it has been asked for
}

type wire []byte

// Messages that are no protobuf messages are taken for this large.
const unknownSize = 1024

// Cloner copies messages, and hands copies over. Without a user's cloner it
// copies generated protobuf messages by their fields, and leaves all else to
// the codec that a network would use.
type Cloner struct {
	User inprocgrpc.Cloner // may be nil
}

// Clone makes out a copy of in. A nil message is an empty one, as in grpc-go's
// rpc_util.go (encode). Its error is a status.
func (c Cloner) Clone(out *Owned, in any) error {
	if IsNil(in) {
		*out = Owned{}
		return nil
	}
	msg, isProto := in.(proto.Message)
	generated := isProto && isGenerated(msg)
	switch {
	case c.User != nil:
		copied, err := c.User.Clone(in)
		if err != nil {
			return marshalError(err)
		}
		*out = Owned{msg: copied}
		if generated && reflect.TypeOf(copied) == reflect.TypeOf(in) && reflect.TypeOf(in).Kind() == reflect.Pointer {
			out.fields = reflect.ValueOf(copied).Elem()
		}
	case generated:
		if err := proto.CheckInitialized(msg); err != nil {
			return marshalError(err)
		}
		*out = cloneGenerated(msg)
	default:
		data, err := marshal(in)
		if err != nil {
			return marshalError(err)
		}
		*out = Owned{msg: wire(data)}
	}
	return nil
}

// cloneGenerated does what proto.Clone does, but makes the copy's struct itself,
// which is faster (BenchmarkClone) and what Move needs.
func cloneGenerated(msg proto.Message) Owned {
	if msg.ProtoReflect().Interface() != msg { // it embeds a message
		return Owned{msg: proto.Clone(msg)}
	}
	copied := reflect.New(reflect.TypeOf(msg).Elem())
	out := copied.Interface().(proto.Message)
	proto.Merge(out, msg)
	return Owned{msg: out, fields: copied.Elem()}
}

// Copy makes out a copy of in, or takes it over if it is an *Owned. Its error is a status.
func (c Cloner) Copy(out, in any) error {
	if owned, ok := in.(*Owned); ok {
		return c.HandOver(out, owned)
	}
	if c.User != nil && !IsNil(out) && !IsNil(in) {
		return unmarshalError(c.User.Copy(out, in))
	}
	dst, dstIsProto := out.(proto.Message)
	src, srcIsProto := in.(proto.Message)
	if dstIsProto && srcIsProto && !IsNil(out) && !IsNil(in) && isGenerated(src) && sameMessage(dst, src) {
		proto.Reset(dst)
		proto.Merge(dst, src)
		return marshalError(proto.CheckInitialized(dst))
	}
	var owned Owned
	if err := c.Clone(&owned, in); err != nil {
		return err
	}
	return c.HandOver(out, &owned)
}

// HandOver makes out what in is, which must not be used again. Its error is a status.
func (c Cloner) HandOver(out any, in *Owned) error {
	if in.Move(out) {
		return nil
	}
	if IsNil(out) {
		return status.Error(codes.Internal, "grpc: failed to unmarshal the received message: the message to receive into is nil")
	}
	switch msg := in.msg.(type) {
	case nil:
		return unmarshalError(reset(out))
	case wire:
		return unmarshalError(unmarshal(msg, out))
	}
	if c.User != nil {
		return unmarshalError(c.User.Copy(out, in.msg))
	}
	data, err := marshal(in.msg)
	if err != nil {
		return marshalError(err)
	}
	return unmarshalError(unmarshal(data, out))
}

// Move makes out what in is, sharing all that in points to, if both are of one
// generated type. It is the part of [Cloner.HandOver] that needs little stack.
//
// It sets the struct, as [inprocgrpc.CloneFunc] does: going through
// protoreflect's Range and Set costs as much as copying deeply (BenchmarkMove).
func (in *Owned) Move(out any) bool {
	if reflect.TypeOf(out) != reflect.TypeOf(in.msg) || !in.fields.IsValid() {
		return false
	}
	dst := reflect.ValueOf(out)
	if dst.IsNil() {
		return false
	}
	dst.Elem().Set(in.fields)
	in.fields = reflect.Value{} // who asks again gets a copy
	return true
}

// sameMessage reports whether both are of one type, and not one that embeds a
// message, which proto.Reset could not reset.
func sameMessage(dst, src proto.Message) bool {
	return reflect.TypeOf(dst) == reflect.TypeOf(src) && src.ProtoReflect().Interface() == src
}

// A message of a generated type is described by its type alone; one of
// dynamicpb is not.
func isGenerated(msg proto.Message) bool {
	_, ok := msg.ProtoReflect().Type().(*protoimpl.MessageInfo)
	return ok
}

// Size returns the size of the message's encoding. Ask before it is handed over:
// then the answer stays the same.
func (in *Owned) Size() int {
	if in.size == 0 {
		in.size = Size(in.msg)
	}
	return in.size
}

// Size returns the size of a message's encoding: 0 for nil, and unknownSize for
// what only a user's cloner knows.
func Size(message any) int {
	switch message := message.(type) {
	case nil:
		return 0
	case *Owned:
		return message.Size()
	case wire:
		return len(message)
	case proto.Message:
		return proto.Size(message)
	}
	return unknownSize
}

func reset(out any) error {
	if msg, ok := out.(interface{ Reset() }); ok {
		msg.Reset()
		return nil
	}
	return unmarshal(nil, out)
}

func marshal(in any) ([]byte, error) {
	codec := encoding.GetCodecV2("proto")
	if codec == nil {
		return encoding.GetCodec("proto").Marshal(in)
	}
	data, err := codec.Marshal(in)
	if err != nil {
		return nil, err
	}
	defer data.Free()
	return bytes.Clone(data.Materialize()), nil
}

func unmarshal(data []byte, out any) error {
	codec := encoding.GetCodecV2("proto")
	if codec == nil {
		return encoding.GetCodec("proto").Unmarshal(data, out)
	}
	return codec.Unmarshal(mem.BufferSlice{mem.SliceBuffer(data)}, out)
}

// The texts are those of grpc-go's rpc_util.go (encode, recv).

func marshalError(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := status.FromError(err); ok {
		return err
	}
	return status.Errorf(codes.Internal, "grpc: error while marshaling: %v", err)
}

func unmarshalError(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := status.FromError(err); ok {
		return err
	}
	return status.Errorf(codes.Internal, "grpc: failed to unmarshal the received message: %v", err)
}

// IsNil reports whether v is nil, or a nil pointer.
func IsNil(v any) bool {
	if v == nil {
		return true
	}
	rv := reflect.ValueOf(v)
	return rv.Kind() == reflect.Pointer && rv.IsNil()
}
