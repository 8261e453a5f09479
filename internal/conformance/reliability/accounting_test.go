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
		record := &rpcRecord{began: map[uint64]bool{}, ended: map[uint64]bool{}, succeeded: map[uint64]bool{}}
		ch := record.service().onChannel()
		conns := connsTo(ch)
		var goroutines sync.WaitGroup
		enough := make(chan struct{})
		for name, cc := range conns {
			for range callers / len(conns) {
				goroutines.Go(func() { record.callUntilRefused(t, name, cc, enough) })
			}
		}
		<-enough
		if err := ch.Shutdown(t.Context()); err != nil {
			t.Fatal(err)
		}
		goroutines.Wait()
		record.check(t)
	}
}

// An rpcRecord records the numbers of the RPCs whose handlers have begun, whose handlers
// have ended, and that have succeeded.
type rpcRecord struct {
	next    atomic.Uint64
	refused atomic.Int64

	mu                      sync.Mutex
	began, ended, succeeded map[uint64]bool
}

func (r *rpcRecord) callUntilRefused(t *testing.T, name string, cc grpc.ClientConnInterface, enough chan<- struct{}) {
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
			t.Errorf("%s: RPC %d got %d, %v, want its number or Unavailable", name, n, got, err)
			return
		}
		r.mark(r.succeeded, n)
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
			r.mark(r.began, numberOf(n))
			defer r.mark(r.ended, numberOf(n))
			return n, nil
		},
		stream: func(ss grpc.ServerStream) error {
			m := new(wrapperspb.BytesValue)
			if err := ss.RecvMsg(m); err != nil {
				return err
			}
			r.mark(r.began, numberOf(m))
			defer r.mark(r.ended, numberOf(m))
			return ss.SendMsg(m)
		},
	}
}

func (r *rpcRecord) check(t *testing.T) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	made, refused := int(r.next.Load()), int(r.refused.Load())
	if len(r.succeeded)+refused != made || len(r.succeeded) == 0 || refused == 0 {
		t.Errorf("of %d RPCs, %d succeeded and %d were refused, want each to do one of the two, and some of both", made, len(r.succeeded), refused)
	}
	if len(r.began) != len(r.succeeded) || len(r.ended) != len(r.succeeded) {
		t.Errorf("%d handlers began and %d ended for %d successful RPCs, want one for each", len(r.began), len(r.ended), len(r.succeeded))
	}
	for n := range r.succeeded {
		if !r.ended[n] {
			t.Errorf("RPC %d succeeded, but its handler has not ended", n)
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
	reply := new(wrapperspb.BytesValue)
	err := cc.Invoke(ctx, scriptedUnary, number(n), reply)
	return numberOf(reply), err
}

func numberedStream(ctx context.Context, cc grpc.ClientConnInterface, n uint64) (uint64, error) {
	stream, err := cc.NewStream(ctx, bidi, scriptedBidi)
	if err != nil {
		return 0, err
	}
	if err := stream.SendMsg(number(n)); err != nil && err != io.EOF {
		return 0, err
	}
	reply := new(wrapperspb.BytesValue)
	if err := stream.RecvMsg(reply); err != nil {
		return 0, err
	}
	if err := stream.RecvMsg(new(wrapperspb.BytesValue)); err != io.EOF {
		return 0, err
	}
	return numberOf(reply), nil
}
