// Package message copies messages between caller and handler. Each message is
// copied once in each direction, and the receiver owns the copy. A [Transfer] may copy only
// the struct of a message, and share what it points to.
package message

import (
	"reflect"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// A Transfer says how messages are copied from a sender to a receiver. The zero
// Transfer copies generated protobuf messages field by field, if that makes no difference
// to the receiver, and encodes all other messages with the codec named "proto", as a
// network does.
type Transfer struct {
	Cloner inprocgrpc.Cloner // used instead of the default if it is not nil
	Encode *Codec            // used before Cloner if it is not nil
	Decode *Codec            // nil means the codec named "proto"

	// Share has generated messages shared instead of copied: the receiver has a struct of its
	// own, and what the struct points to must not change any more.
	Share bool

	watch     *Watch // checks shared messages; may be nil
	direction direction
}

// A Copy is a copy of a message. It has one owner, which may pass it to HandOver once.
// The zero Copy is an empty message.
type Copy struct {
	msg       any  // the copy, or its encoding
	size      int  // of the encoding of the sender's message, if Copy was asked to measure it
	isMovable bool // msg has a generated type and no other user
	isLent    bool // msg is the sender's message itself, and HandOver copies it
	isShared  bool // Others may read what msg points to.
}

// An encoded message is a copy of a message in encoded form.
type encoded []byte

// Copy sets out to a copy of in. A nil in is copied as an empty message, as encode of
// grpc-go's rpc_util.go does. If measure is true, [Copy.Size] is known afterwards: like
// grpc-go, Copy then measures the sender's message, so that no trace of it is in the
// receiver's. The error is a status.
func (t *Transfer) Copy(out *Copy, in any, measure bool) error {
	if in == nil {
		*out = Copy{}
		return nil
	}
	if err := t.copy(out, in); err != nil {
		return err
	}
	if data, ok := out.msg.(encoded); ok {
		out.size = len(data)
	} else if measure {
		out.size = Size(in)
	}
	return nil
}

func (t *Transfer) copy(out *Copy, in any) error {
	if t.Encode != nil {
		return encodeWith(t.Encode, out, in)
	}
	generated := generatedTypeOf(in)
	msg, _ := in.(proto.Message)
	switch {
	case t.shares(generated):
		return t.share(out, msg, generated.sharing)
	case t.Cloner != nil:
		return t.clone(out, in, generated)
	case generated == nil, !isExact(msg, generated), !hasStandardCodec():
		return encodeWith(protoCodec(), out, in)
	}
	if err := proto.CheckInitialized(msg); err != nil {
		return marshalError(err)
	}
	*out = Copy{msg: proto.Clone(msg), isMovable: true}
	return nil
}

// shares reports whether messages of a type are shared. generated is nil if the type is not
// generated.
func (t *Transfer) shares(generated *generatedType) bool {
	return t.Share && generated != nil && generated.sharing != nil
}

func (t *Transfer) share(out *Copy, in proto.Message, share *sharing) error {
	if err := proto.CheckInitialized(in); err != nil {
		return marshalError(err)
	}
	t.watch.add(t.direction, in)
	*out = Copy{msg: share.copy(in), isMovable: true, isShared: true}
	return nil
}

func (t *Transfer) clone(out *Copy, in any, generated *generatedType) error {
	if _, isProto := in.(proto.Message); isProto && IsNil(in) {
		*out = Copy{}
		return nil
	}
	copied, err := t.Cloner.Clone(in)
	if err != nil {
		return clonerError(err, marshalError)
	}
	*out = Copy{msg: copied, isMovable: generated != nil && reflect.TypeOf(copied) == reflect.TypeOf(in) && !IsNil(copied)}
	return nil
}

func encodeWith(codec *Codec, out *Copy, in any) error {
	data, err := codec.marshal(in)
	if err != nil {
		return marshalError(err)
	}
	*out = Copy{msg: encoded(data)}
	return nil
}

// Lend sets out to in itself, which saves one of two copies, if HandOver can copy in to a
// message of the type of to. Otherwise it sets out to a copy. in must not change until
// HandOver returns. measure is as for Copy. The error is a status.
func (t *Transfer) Lend(out *Copy, in, to any, measure bool) error {
	if t.Encode != nil || reflect.TypeOf(to) != reflect.TypeOf(in) || IsNil(to) || in == to {
		return t.Copy(out, in, measure)
	}
	generated := generatedTypeOf(in)
	msg, _ := in.(proto.Message)
	isShared := t.shares(generated)
	if !isShared && (t.Cloner != nil || generated == nil || !isExact(msg, generated) || !hasStandardCodec()) {
		return t.Copy(out, in, measure)
	}
	if err := proto.CheckInitialized(msg); err != nil {
		return marshalError(err)
	}
	if isShared {
		t.watch.add(t.direction, msg)
	}
	*out = Copy{msg: in, isLent: true, isShared: isShared}
	if measure {
		out.size = Size(in)
	}
	return nil
}

// IsLent reports whether the message is still the sender's.
func (in *Copy) IsLent() bool { return in.isLent }

// HandOver sets out to the message in, which must not be used again. The error is a status.
func (t *Transfer) HandOver(out any, in *Copy) error {
	if in.move(out) {
		return nil
	}
	if in.isLent {
		in.copyLent(out.(proto.Message), in.msg.(proto.Message))
		return nil
	}
	if _, isProto := out.(proto.Message); IsNil(out) && t.Decode == nil && (isProto || t.Cloner != nil) { // Others are for the codec to refuse.
		return status.Error(codes.Internal, "grpc: failed to unmarshal the received message: the message to receive into is nil")
	}
	decode := t.Decode
	if decode == nil {
		decode = protoCodec()
	}
	switch msg := in.msg.(type) {
	case nil:
		return unmarshalError(decode.unmarshal(nil, out))
	case encoded:
		return unmarshalError(decode.unmarshal(msg, out))
	}
	if t.Cloner != nil {
		return clonerError(t.Cloner.Copy(out, in.msg), unmarshalError)
	}
	data, err := protoCodec().marshal(in.msg)
	if err != nil {
		return marshalError(err)
	}
	return unmarshalError(decode.unmarshal(data, out))
}

// copyLent sets out to the sender's message.
func (in *Copy) copyLent(out, lent proto.Message) {
	proto.Reset(out)
	if in.isShared {
		generatedTypeOf(lent).sharing.set(out, lent)
	} else {
		proto.Merge(out, lent)
	}
}

// move sets out to the message in, if both have the same generated type, and reports
// whether it did. out then shares everything that in points to.
//
// It sets the struct, as [inprocgrpc.CloneFunc] does. Range and Set of protoreflect cost as
// much as a deep copy (BenchmarkMove).
func (in *Copy) move(out any) bool {
	if !in.isMovable || reflect.TypeOf(out) != reflect.TypeOf(in.msg) {
		return false
	}
	dst := reflect.ValueOf(out)
	if dst.IsNil() {
		return false
	}
	dst.Elem().Set(reflect.ValueOf(in.msg).Elem())
	*in = Copy{}
	return true
}

// IsForeign reports whether a cloner has copied the message, which may have a type of the
// application.
func (in *Copy) IsForeign() bool {
	_, isEncoded := in.msg.(encoded)
	return in.msg != nil && !isEncoded && !in.isMovable && !in.isLent
}

// Size returns the size of the encoding of the sender's message. It is 0 if Copy was not
// asked to measure it, or if only a cloner knows the message.
func (in *Copy) Size() int { return in.size }

// Size returns the size of a message's encoding, or 0 if it is unknown because the message
// is not a protobuf message.
func Size(message any) int {
	if message, ok := message.(proto.Message); ok {
		return proto.Size(message)
	}
	return 0
}

// The texts are those of encode and recv in grpc-go's rpc_util.go.

func marshalError(err error) error {
	if err == nil {
		return nil
	}
	return status.Errorf(codes.Internal, "grpc: error while marshaling: %v", err)
}

func unmarshalError(err error) error {
	if err == nil {
		return nil
	}
	return status.Errorf(codes.Internal, "grpc: failed to unmarshal the received message: %v", err)
}

// clonerError returns the error of a cloner, which may be a status, or nil. Any other
// error becomes a status as grpc-go makes it of the error of a codec.
func clonerError(err error, toStatus func(error) error) error {
	if _, ok := status.FromError(err); ok {
		return err
	}
	return toStatus(err)
}

// IsNil reports whether v is nil, or a nil pointer.
func IsNil(v any) bool {
	if v == nil {
		return true
	}
	rv := reflect.ValueOf(v)
	return rv.Kind() == reflect.Pointer && rv.IsNil()
}
