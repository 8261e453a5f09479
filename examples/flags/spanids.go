package main

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"sync/atomic"

	"go.opentelemetry.io/otel/trace"
)

// spanIDs generates span IDs in ascending order. They show which of two spans began first if the
// clock has not advanced in between, as is common on Windows.
type spanIDs struct {
	process [4]byte // random, because a trace has spans of several processes
	last    atomic.Uint32
}

func newSpanIDs() *spanIDs {
	ids := new(spanIDs)
	rand.Read(ids.process[:])
	return ids
}

// NewIDs implements [sdktrace.IDGenerator].
func (s *spanIDs) NewIDs(ctx context.Context) (id trace.TraceID, _ trace.SpanID) {
	rand.Read(id[:])
	return id, s.NewSpanID(ctx, id)
}

// NewSpanID implements [sdktrace.IDGenerator].
func (s *spanIDs) NewSpanID(context.Context, trace.TraceID) (id trace.SpanID) {
	copy(id[:], s.process[:])
	binary.BigEndian.PutUint32(id[4:], s.last.Add(1))
	return id
}
