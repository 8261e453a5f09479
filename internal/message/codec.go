package message

import (
	"bytes"
	"reflect"

	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/proto" // registers the codec named "proto"
	"google.golang.org/grpc/mem"
)

// A Codec encodes and decodes messages. It may be used concurrently if the codec
// passed to NewCodec may.
type Codec struct {
	marshal   func(any) ([]byte, error)
	unmarshal func([]byte, any) error
}

// codecV1 has the methods that encoding.Codec and the older grpc.Codec share.
type codecV1 interface {
	Marshal(m any) ([]byte, error)
	Unmarshal(data []byte, m any) error
}

// NewCodec returns a Codec that uses codec, which is an [encoding.CodecV2], an
// [encoding.Codec] or a grpc.Codec. It returns nil for anything else.
func NewCodec(codec any) *Codec {
	switch codec := codec.(type) {
	case encoding.CodecV2:
		return &Codec{
			marshal: func(m any) ([]byte, error) {
				data, err := codec.Marshal(m)
				if err != nil {
					return nil, err
				}
				defer data.Free()
				return bytes.Clone(data.Materialize()), nil
			},
			unmarshal: func(data []byte, m any) error {
				return codec.Unmarshal(mem.BufferSlice{mem.SliceBuffer(data)}, m)
			},
		}
	case codecV1:
		return &Codec{marshal: codec.Marshal, unmarshal: codec.Unmarshal}
	}
	return nil
}

// RegisteredCodec returns the codec that is registered under a name, or nil. It prefers
// an [encoding.CodecV2], as getCodec of grpc-go's codec.go does.
func RegisteredCodec(name string) *Codec {
	if codec := encoding.GetCodecV2(name); codec != nil {
		return NewCodec(codec)
	}
	return NewCodec(encoding.GetCodec(name))
}

// protoCodec looks the codec up each time, because a program may register another one.
func protoCodec() *Codec { return RegisteredCodec("proto") }

// standardCodec is grpc-go's own codec named "proto", or nil if another one was registered
// before this package was initialized.
var standardCodec = func() encoding.CodecV2 {
	codec := encoding.GetCodecV2("proto")
	if t := reflect.TypeOf(codec); t != nil && t.Kind() == reflect.Pointer && t.Elem().PkgPath() == "google.golang.org/grpc/encoding/proto" {
		return codec
	}
	return nil
}()

// hasStandardCodec reports whether the codec named "proto" is grpc-go's. Otherwise it must
// encode every message, since nobody knows what it does.
func hasStandardCodec() bool {
	return standardCodec != nil && encoding.GetCodecV2("proto") == standardCodec
}
