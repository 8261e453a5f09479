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

// A handlerBehavior is what a handler does in the soak test.
type handlerBehavior byte

const (
	handlerAnswers handlerBehavior = iota
	handlerFails
	handlerPanics
	handlerBlocks         // until its context ends
	handlerIgnoresContext // and answers once its caller has left
	handlerBehaviors      // the number of behaviors
)

// A callerBehavior is what a caller does while its RPC runs.
type callerBehavior byte

const (
	callerWaits callerBehavior = iota
	callerTimesOut
	callerCancels
	callerCancelsOnceServed // as soon as the handler has the request
	callerBehaviors
)

// A soakCall is what the caller and the handler of an RPC share.
type soakCall struct {
	handlerBehavior handlerBehavior
	callerBehavior  callerBehavior
	cancel          context.CancelFunc
	gone            chan struct{} // closed when the caller has left
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
	answer := new(wrapperspb.BytesValue)
	err := s.conn(n).Invoke(ctx, scriptedUnary, req, answer)
	flip(req.Value) // the caller may reuse it
	flip(answer.Value)
	flip(answer.Value)
	close(call.gone)
	s.unaryEnds.add(err)
	if !call.mayEndWith(err) || err == nil && numberOf(answer) != n {
		s.lose("unary RPC %d, with handler behavior %d and caller behavior %d, got %d and %v", n, call.handlerBehavior, call.callerBehavior, numberOf(answer), err)
	}
}

// begin draws the behavior of handler and caller. The caller acts within the
// limit. A handler that does not answer by itself gets a caller that does not wait.
func (s *soak) begin(ctx context.Context, n uint64, random *rand.Rand, limit time.Duration) (context.Context, *soakCall) {
	call := &soakCall{
		handlerBehavior: handlerBehavior(random.IntN(int(handlerBehaviors))),
		callerBehavior:  callerBehavior(random.IntN(int(callerBehaviors))),
		gone:            make(chan struct{}),
	}
	if call.callerBehavior == callerWaits && (call.handlerBehavior == handlerBlocks || call.handlerBehavior == handlerIgnoresContext) {
		call.handlerBehavior = handlerAnswers
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

// forget removes the call once its caller has left.
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
	case handlerAnswers:
		return got == codes.OK
	case handlerFails:
		return got == codes.DataLoss
	case handlerPanics:
		return got == codes.Internal && status.Convert(err).Message() == panicAnswer
	}
	return false
}

func (s *soak) serveUnary(ctx context.Context, req any) (any, error) {
	s.handlersBegan.Add(1)
	defer s.handlersEnded.Add(1)
	m := req.(*wrapperspb.BytesValue)
	found, ok := s.calls.Load(numberOf(m))
	if !ok {
		return nil, status.Error(codes.Canceled, "its caller has left")
	}
	call := found.(*soakCall)
	if call.callerBehavior == callerCancelsOnceServed {
		call.cancel()
	}
	if err := s.behave(ctx, call); err != nil {
		return nil, err
	}
	_ = grpc.SendHeader(ctx, metadata.Pairs("header", "sent")) // fails if the caller has left
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
