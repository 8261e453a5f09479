package message

import (
	"bytes"

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
