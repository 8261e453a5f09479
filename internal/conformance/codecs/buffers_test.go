package codecs_test

import (
	"bytes"
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/conformance/connect"
)

// A pool overwrites the buffers that are given back to it, and counts those that are not.
type pool struct{ lent atomic.Int64 }

func (p *pool) Get(length int) *[]byte {
	p.lent.Add(1)
	buffer := make([]byte, length)
	return &buffer
}

func (p *pool) Put(buffer *[]byte) {
	for i := range *buffer {
		(*buffer)[i] = 0xFF
	}
	p.lent.Add(-1)
}

// A pooledCodec encodes frames into buffers of a pool.
type pooledCodec struct{ pool *pool }

func (c pooledCodec) Marshal(m any) (mem.BufferSlice, error) {
	payload := m.(*frame).payload
	buffer := c.pool.Get(len(payload))
	copy(*buffer, payload)
	return mem.BufferSlice{mem.NewBuffer(buffer, c.pool)}, nil
}

func (c pooledCodec) Unmarshal(data mem.BufferSlice, m any) error {
	m.(*frame).payload = data.Materialize()
	return nil
}

func (c pooledCodec) Name() string { return registeredPooled }

const registeredPooled = "codecs-pooled"

var buffers pool

func init() { encoding.RegisterCodecV2(pooledCodec{&buffers}) }

// After Free, a buffer belongs to its pool, which may give it to another message.
func TestBuffersOfACodecAreFreedAndNotUsedAfterwards(t *testing.T) {
	newFrame := func() any { return new(frame) }
	payload := bytes.Repeat([]byte("x"), 4<<10) // Smaller buffers have no pool.
	e := exchange{
		served: newFrame,
		sent:   func() any { return &frame{payload} },
		opts:   []grpc.CallOption{grpc.CallContentSubtype(registeredPooled)},
	}
	for _, c := range connect.All(t, inprocchain.Chain{}, func(r grpc.ServiceRegistrar) { register(r, newFrame) }) {
		for kind, call := range map[string]func(exchange, context.Context, grpc.ClientConnInterface) error{"unary": exchange.unary, "stream": exchange.stream} {
			t.Run(fmt.Sprint(c.Name, " ", kind), func(t *testing.T) {
				reply, before := new(frame), buffers.lent.Load()
				e.reply = func() any { return reply }
				if err := call(e, t.Context(), c.Conn); err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(reply.payload, payload) {
					t.Error("the payload that was received differs from what was sent")
				}
				if lent := buffers.lent.Load(); c.InProcess && lent > before { // On a network, they are freed later.
					t.Errorf("%d buffers were not freed", lent-before)
				}
			})
		}
	}
}
