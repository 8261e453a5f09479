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
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/runtime/protoimpl"
)

// Owned is a message that has been copied and has a single owner, who may hand
// it over. The zero Owned is an empty message.
type Owned struct {
	msg  any    // a copy
	wire []byte // or its bytes, where only a codec can copy it
	// Size is that of the message's encoding, or unknownSize.
	Size int
}

// Non-protobuf messages are taken for this large in flow control.
const unknownSize = 1024

// Cloner is the [inprocgrpc.Cloner] of our channels. Its copies are Owned, and
// what is Owned it hands over instead of copying it once more, where both sides
// have one generated type. All else it leaves to the user's cloner, or without
// one to the codec that a network would use.
type Cloner struct {
	User inprocgrpc.Cloner // may be nil
}

var _ inprocgrpc.Cloner = Cloner{}

// Clone returns a copy of in as an *Owned. What is Owned already is returned as it is.
func (c Cloner) Clone(in any) (any, error) {
	if owned, ok := in.(*Owned); ok {
		return owned, nil
	}
	owned := new(Owned)
	if err := c.CloneInto(owned, in); err != nil {
		return nil, err
	}
	return owned, nil
}

// CloneInto makes out a copy of in. A nil message is an empty one, as in
// grpc-go's rpc_util.go (encode). Its error is a status.
func (c Cloner) CloneInto(out *Owned, in any) error {
	if isNil(in) {
		*out = Owned{}
		return nil
	}
	msg, isProto := in.(proto.Message)
	if c.User != nil {
		copied, err := c.User.Clone(in)
		if err != nil {
			return marshalError(err)
		}
		*out = Owned{msg: copied, Size: unknownSize}
		if isProto {
			out.Size = proto.Size(msg)
		}
		return nil
	}
	if isProto && isGenerated(msg) {
		*out = Owned{msg: proto.Clone(msg), Size: proto.Size(msg)}
		return nil
	}
	wire, err := marshal(in)
	if err != nil {
		return marshalError(err)
	}
	*out = Owned{wire: wire, Size: len(wire)}
	return nil
}

// Copy makes out what in is. It takes over what is Owned, which must not be
// used again. Its error is a status.
func (c Cloner) Copy(out, in any) error {
	owned, ok := in.(*Owned)
	if !ok {
		owned = new(Owned)
		if err := c.CloneInto(owned, in); err != nil {
			return err
		}
	}
	return c.HandOver(out, owned)
}

// HandOver makes out what in is, which must not be used again. Its error is a status.
func (c Cloner) HandOver(out any, in *Owned) error {
	if isNil(out) {
		return status.Error(codes.Internal, "grpc: failed to unmarshal the received message: the message to receive into is nil")
	}
	switch {
	case in.wire != nil:
		return unmarshalError(unmarshal(in.wire, out))
	case in.msg == nil:
		return unmarshalError(reset(out))
	}
	dst, dstIsProto := out.(proto.Message)
	src, srcIsProto := in.msg.(proto.Message)
	if dstIsProto && srcIsProto && reflect.TypeOf(dst) == reflect.TypeOf(src) && isGenerated(src) {
		move(dst, src)
		return nil
	}
	if c.User != nil {
		return unmarshalError(c.User.Copy(out, in.msg))
	}
	wire, err := marshal(in.msg)
	if err != nil {
		return marshalError(err)
	}
	return unmarshalError(unmarshal(wire, out))
}

// move makes dst what src is, sharing all that src points to.
func move(dst, src proto.Message) {
	proto.Reset(dst)
	to, from := dst.ProtoReflect(), src.ProtoReflect()
	from.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		to.Set(field, value)
		return true
	})
	if unknown := from.GetUnknown(); len(unknown) > 0 {
		to.SetUnknown(unknown)
	}
}

// A message of a generated type is described by the type alone; one of
// dynamicpb is not.
func isGenerated(msg proto.Message) bool {
	_, ok := msg.ProtoReflect().Type().(*protoimpl.MessageInfo)
	return ok
}

// Size returns the size of a message's encoding, 0 for one that is no protobuf message.
func Size(message any) int {
	if msg, ok := message.(proto.Message); ok {
		return proto.Size(msg)
	}
	return 0
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

func unmarshal(wire []byte, out any) error {
	codec := encoding.GetCodecV2("proto")
	if codec == nil {
		return encoding.GetCodec("proto").Unmarshal(wire, out)
	}
	return codec.Unmarshal(mem.BufferSlice{mem.SliceBuffer(wire)}, out)
}

// The texts are those of grpc-go's rpc_util.go (encode, recv).

func marshalError(err error) error {
	if _, ok := status.FromError(err); ok {
		return err
	}
	return status.Errorf(codes.Internal, "grpc: error while marshaling: %v", err)
}

func unmarshalError(err error) error {
	if _, ok := status.FromError(err); ok {
		return err
	}
	return status.Errorf(codes.Internal, "grpc: failed to unmarshal the received message: %v", err)
}

func isNil(v any) bool {
	if v == nil {
		return true
	}
	rv := reflect.ValueOf(v)
	return rv.Kind() == reflect.Pointer && rv.IsNil()
}
