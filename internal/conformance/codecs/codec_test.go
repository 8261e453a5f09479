package codecs_test

import (
	"encoding/json"
	"fmt"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/status"
)

// A frame is an encoded message, as a proxy forwards it.
type frame struct{ payload []byte }

// A frameCodec forwards the bytes of frames, and uses another codec for all other messages, as
// the codec of siderolabs/grpc-proxy does.
type frameCodec struct{ parent encoding.CodecV2 }

func (c frameCodec) Marshal(m any) (mem.BufferSlice, error) {
	if m, ok := m.(*frame); ok {
		return mem.BufferSlice{mem.SliceBuffer(m.payload)}, nil
	}
	return c.parent.Marshal(m)
}

func (c frameCodec) Unmarshal(data mem.BufferSlice, m any) error {
	if m, ok := m.(*frame); ok {
		m.payload = data.Materialize()
		return nil
	}
	return c.parent.Unmarshal(data, m)
}

func (c frameCodec) Name() string { return "proxy>" + c.parent.Name() }

// A codecV1 is a codec with the older interface, made of functions.
type codecV1 struct {
	name      string
	marshal   func(any) ([]byte, error)
	unmarshal func([]byte, any) error
}

func (c codecV1) Marshal(m any) ([]byte, error)      { return c.marshal(m) }
func (c codecV1) Unmarshal(data []byte, m any) error { return c.unmarshal(data, m) }
func (c codecV1) Name() string                       { return c.name }

// A codecV0 is a codec with the oldest interface, that of grpc.Codec.
type codecV0 struct{ codecV1 }

func (c codecV0) String() string { return c.name }

// frames is a frameCodec with the older interface. It encodes only frames.
func frames(name string) codecV1 {
	return codecV1{
		name: name,
		marshal: func(m any) ([]byte, error) {
			if m, ok := m.(*frame); ok {
				return m.payload, nil
			}
			return nil, fmt.Errorf("not a frame: %T", m)
		},
		unmarshal: func(data []byte, m any) error {
			if m, ok := m.(*frame); ok {
				m.payload = append([]byte(nil), data...)
				return nil
			}
			return fmt.Errorf("not a frame: %T", m)
		},
	}
}

func jsonCodec(name string) codecV1 { return codecV1{name, json.Marshal, json.Unmarshal} }

// refusing returns a codec that fails in one direction, with err.
func refusing(err error, toMarshal, toUnmarshal bool) codecV1 {
	c := frames("proto")
	if toMarshal {
		c.marshal = func(any) ([]byte, error) { return nil, err }
	}
	if toUnmarshal {
		c.unmarshal = func([]byte, any) error { return err }
	}
	return c
}

var errStatus = status.Error(codes.NotFound, "no such type")

// The names under which this package registers codecs, so that a server finds them.
const (
	registeredJSON   = "codecs-json"
	registeredFrames = "codecs-frames"
)

func init() {
	encoding.RegisterCodec(jsonCodec(registeredJSON))
	encoding.RegisterCodec(frames(registeredFrames))
}
