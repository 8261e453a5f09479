package reliability_test

import (
	"context"
	"encoding/binary"
	"io"
	"sync"
	"sync/atomic"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// Under load, each RPC is either refused without running a handler, or its
// handler runs to completion and its caller receives the response.
func TestShutdownLosesNoAcceptedRPC(t *testing.T) {
	t.Parallel()
	const rounds, callers = 10, 16
	for range rounds {
		record := &rpcRecord{entered: map[uint64]bool{}, left: map[uint64]bool{}, answered: map[uint64]bool{}}
		ch := record.service().onChannel()
		ways := waysTo(ch)
		var load sync.WaitGroup
		enough := make(chan struct{})
		for way, cc := range ways {
			for range callers / len(ways) {
				load.Go(func() { record.callUntilRefused(t, way, cc, enough) })
			}
		}
		<-enough
		if err := ch.Shutdown(t.Context()); err != nil {
			t.Fatal(err)
		}
		load.Wait()
		record.check(t)
	}
}

// An rpcRecord records how far each RPC has come, by its number.
type rpcRecord struct {
	next    atomic.Uint64
	refused atomic.Int64

	mu                      sync.Mutex
	entered, left, answered map[uint64]bool
}

func (r *rpcRecord) callUntilRefused(t *testing.T, way string, cc grpc.ClientConnInterface, enough chan<- struct{}) {
	for {
		n := r.next.Add(1)
		if n == 300 {
			close(enough)
		}
		call := numberedUnary
		if n%2 == 0 {
			call = numberedStream
		}
		switch got, err := call(t.Context(), cc, n); {
		case status.Code(err) == codes.Unavailable:
			r.refused.Add(1)
			return
		case err != nil || got != n:
			t.Errorf("%s: RPC %d got %d, %v, want its answer or Unavailable", way, n, got, err)
			return
		}
		r.mark(r.answered, n)
	}
}

func (r *rpcRecord) mark(in map[uint64]bool, n uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	in[n] = true
}

func (r *rpcRecord) service() scripted {
	return scripted{
		unary: func(_ context.Context, req any) (any, error) {
			n := req.(*wrapperspb.BytesValue)
			r.mark(r.entered, numberOf(n))
			defer r.mark(r.left, numberOf(n))
			return n, nil
		},
		stream: func(ss grpc.ServerStream) error {
			m := new(wrapperspb.BytesValue)
			if err := ss.RecvMsg(m); err != nil {
				return err
			}
			r.mark(r.entered, numberOf(m))
			defer r.mark(r.left, numberOf(m))
			return ss.SendMsg(m)
		},
	}
}

func (r *rpcRecord) check(t *testing.T) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	made, refused := int(r.next.Load()), int(r.refused.Load())
	if len(r.answered)+refused != made || len(r.answered) == 0 || refused == 0 {
		t.Errorf("of %d RPCs %d were answered and %d refused, want all, and some of each", made, len(r.answered), refused)
	}
	if len(r.entered) != len(r.answered) || len(r.left) != len(r.answered) {
		t.Errorf("%d handlers began and %d ended for %d answers, want one each", len(r.entered), len(r.left), len(r.answered))
	}
	for n := range r.answered {
		if !r.left[n] {
			t.Errorf("RPC %d was answered, and its handler has not ended", n)
		}
	}
}

func number(n uint64) *wrapperspb.BytesValue {
	return wrapperspb.Bytes(binary.BigEndian.AppendUint64(nil, n))
}

func numberOf(m *wrapperspb.BytesValue) uint64 {
	if len(m.GetValue()) < 8 {
		return 0
	}
	return binary.BigEndian.Uint64(m.GetValue())
}

func numberedUnary(ctx context.Context, cc grpc.ClientConnInterface, n uint64) (uint64, error) {
	answer := new(wrapperspb.BytesValue)
	err := cc.Invoke(ctx, scriptedUnary, number(n), answer)
	return numberOf(answer), err
}

func numberedStream(ctx context.Context, cc grpc.ClientConnInterface, n uint64) (uint64, error) {
	stream, err := cc.NewStream(ctx, bidi, scriptedBidi)
	if err != nil {
		return 0, err
	}
	if err := stream.SendMsg(number(n)); err != nil && err != io.EOF {
		return 0, err
	}
	answer := new(wrapperspb.BytesValue)
	if err := stream.RecvMsg(answer); err != nil {
		return 0, err
	}
	if err := stream.RecvMsg(new(wrapperspb.BytesValue)); err != io.EOF {
		return 0, err
	}
	return numberOf(answer), nil
}
