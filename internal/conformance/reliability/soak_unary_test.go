package reliability_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// A handlerBehavior says what a handler does in the soak test.
type handlerBehavior byte

const (
	handlerResponds handlerBehavior = iota
	handlerFails
	handlerPanics
	handlerBlocks         // until its context ends
	handlerIgnoresContext // and responds after its caller has returned
	handlerBehaviors      // the number of behaviors
)

// A callerBehavior says what a caller does while its RPC runs.
type callerBehavior byte

const (
	callerWaits callerBehavior = iota
	callerTimesOut
	callerCancels
	callerCancelsOnceServed // as soon as the handler has the request
	callerBehaviors
)

// A soakCall is the state that the caller and the handler of an RPC share.
type soakCall struct {
	handlerBehavior handlerBehavior
	callerBehavior  callerBehavior
	cancel          context.CancelFunc
	gone            chan struct{} // closed when the caller has returned
}

// unary makes n RPCs and returns the heap after each tenth of them.
func (s *soak) unary(ctx context.Context, n, callers int) (heap []uint64) {
	var next atomic.Int64
	for tenth := range 10 {
		last := int64(n * (tenth + 1) / 10)
		var working sync.WaitGroup
		for range callers {
			working.Go(func() {
				for i := next.Add(1); i <= last; i = next.Add(1) {
					s.callUnary(ctx, uint64(i))
				}
			})
		}
		working.Wait()
		next.Store(last)
		heap = append(heap, liveHeap())
	}
	return heap
}

func (s *soak) callUnary(ctx context.Context, n uint64) {
	random := s.random(n)
	ctx, call := s.begin(ctx, n, random, 2*time.Millisecond)
	defer call.cancel()
	req := number(n)
	req.Value = append(req.Value, make([]byte, random.IntN(2<<10))...)
	reply := new(wrapperspb.BytesValue)
	err := s.conn(n).Invoke(ctx, scriptedUnary, req, reply)
	flip(req.Value) // The caller may reuse it.
	flip(reply.Value)
	flip(reply.Value)
	close(call.gone)
	s.unaryEnds.add(err)
	if !call.mayEndWith(err) || err == nil && numberOf(reply) != n {
		s.lose("unary RPC %d, with handler behavior %d and caller behavior %d, got %d and %v", n, call.handlerBehavior, call.callerBehavior, numberOf(reply), err)
	}
}

// begin chooses the behavior of handler and caller at random. The caller acts within the
// limit. A handler that does not return by itself never has a caller that waits.
func (s *soak) begin(ctx context.Context, n uint64, random *rand.Rand, limit time.Duration) (context.Context, *soakCall) {
	call := &soakCall{
		handlerBehavior: handlerBehavior(random.IntN(int(handlerBehaviors))),
		callerBehavior:  callerBehavior(random.IntN(int(callerBehaviors))),
		gone:            make(chan struct{}),
	}
	if call.callerBehavior == callerWaits && (call.handlerBehavior == handlerBlocks || call.handlerBehavior == handlerIgnoresContext) {
		call.handlerBehavior = handlerResponds
	}
	moment := time.Duration(random.Int64N(int64(limit)))
	switch call.callerBehavior {
	case callerTimesOut:
		ctx, call.cancel = context.WithTimeout(ctx, moment)
	case callerCancels:
		ctx, call.cancel = context.WithCancel(ctx)
		time.AfterFunc(moment, call.cancel)
	default:
		ctx, call.cancel = context.WithCancel(ctx)
	}
	s.calls.Store(n, call)
	context.AfterFunc(ctx, func() { s.forget(n, call) })
	return ctx, call
}

// forget removes the call after its caller has returned.
func (s *soak) forget(n uint64, call *soakCall) {
	<-call.gone
	s.calls.Delete(n)
}

func (c *soakCall) mayEndWith(err error) bool {
	got := status.Code(err)
	switch c.callerBehavior {
	case callerTimesOut:
		if got == codes.DeadlineExceeded {
			return true
		}
	case callerCancels, callerCancelsOnceServed:
		if got == codes.Canceled {
			return true
		}
	}
	switch c.handlerBehavior {
	case handlerResponds:
		return got == codes.OK
	case handlerFails:
		return got == codes.DataLoss
	case handlerPanics:
		return got == codes.Internal && status.Convert(err).Message() == panicMessage
	}
	return false
}

func (s *soak) serveUnary(ctx context.Context, req any) (any, error) {
	s.handlersBegan.Add(1)
	defer s.handlersEnded.Add(1)
	m := req.(*wrapperspb.BytesValue)
	found, ok := s.calls.Load(numberOf(m))
	if !ok {
		return nil, status.Error(codes.Canceled, "the caller has returned")
	}
	call := found.(*soakCall)
	if call.callerBehavior == callerCancelsOnceServed {
		call.cancel()
	}
	if err := s.behave(ctx, call); err != nil {
		return nil, err
	}
	_ = grpc.SendHeader(ctx, metadata.Pairs("header", "sent")) // It fails if the caller has returned.
	_ = grpc.SetTrailer(ctx, metadata.Pairs("trailer", "set"))
	return m, nil
}

func (s *soak) behave(ctx context.Context, call *soakCall) error {
	switch call.handlerBehavior {
	case handlerFails:
		return status.Error(codes.DataLoss, "at random")
	case handlerPanics:
		s.panics.Add(1)
		panic("at random")
	case handlerBlocks:
		<-ctx.Done()
		return ctx.Err()
	case handlerIgnoresContext:
		<-call.gone
	}
	return nil
}
