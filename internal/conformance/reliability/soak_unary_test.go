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

// What a handler of the soak does.
type conduct byte

const (
	answers conduct = iota
	fails
	panics
	blocks     // until its context ends
	ignores    // its context, and answers once its caller has gone
	conductLen // how many there are
)

// What a caller of the soak does meanwhile.
type patience byte

const (
	waits patience = iota
	timesOut
	cancels
	cancelsOnArrival // of the request at the handler
	patienceLen
)

// A soakCall is what caller and handler of an RPC know of each other.
type soakCall struct {
	conduct  conduct
	patience patience
	cancel   context.CancelFunc
	gone     chan struct{} // closed when the caller has left
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
	flip(req.Value) // it is ours again
	flip(answer.Value)
	flip(answer.Value)
	close(call.gone)
	s.unaryEnds.add(err)
	if !call.mayEndWith(err) || err == nil && numberOf(answer) != n {
		s.lose("unary RPC %d, whose handler has conduct %d and caller patience %d, got %d and %v", n, call.conduct, call.patience, numberOf(answer), err)
	}
}

// begin draws what handler and caller do, the latter within a limit. A handler
// that does not answer by itself has a caller that does not wait.
func (s *soak) begin(ctx context.Context, n uint64, random *rand.Rand, limit time.Duration) (context.Context, *soakCall) {
	call := &soakCall{
		conduct:  conduct(random.IntN(int(conductLen))),
		patience: patience(random.IntN(int(patienceLen))),
		gone:     make(chan struct{}),
	}
	if call.patience == waits && (call.conduct == blocks || call.conduct == ignores) {
		call.conduct = answers
	}
	moment := time.Duration(random.Int64N(int64(limit)))
	switch call.patience {
	case timesOut:
		ctx, call.cancel = context.WithTimeout(ctx, moment)
	case cancels:
		ctx, call.cancel = context.WithCancel(ctx)
		time.AfterFunc(moment, call.cancel)
	default:
		ctx, call.cancel = context.WithCancel(ctx)
	}
	s.calls.Store(n, call)
	context.AfterFunc(ctx, func() { s.forget(n, call) })
	return ctx, call
}

// forget keeps the call until its handler, if there is one, has found it.
func (s *soak) forget(n uint64, call *soakCall) {
	<-call.gone
	s.calls.Delete(n)
}

func (c *soakCall) mayEndWith(err error) bool {
	got := status.Code(err)
	switch c.patience {
	case timesOut:
		if got == codes.DeadlineExceeded {
			return true
		}
	case cancels, cancelsOnArrival:
		if got == codes.Canceled {
			return true
		}
	}
	switch c.conduct {
	case answers:
		return got == codes.OK
	case fails:
		return got == codes.DataLoss
	case panics:
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
		return nil, status.Error(codes.Canceled, "its caller has gone")
	}
	call := found.(*soakCall)
	if call.patience == cancelsOnArrival {
		call.cancel()
	}
	if err := s.behave(ctx, call); err != nil {
		return nil, err
	}
	_ = grpc.SendHeader(ctx, metadata.Pairs("header", "sent")) // the caller may have gone
	_ = grpc.SetTrailer(ctx, metadata.Pairs("trailer", "set"))
	return m, nil
}

func (s *soak) behave(ctx context.Context, call *soakCall) error {
	switch call.conduct {
	case fails:
		return status.Error(codes.DataLoss, "at random")
	case panics:
		s.panics.Add(1)
		panic("at random")
	case blocks:
		<-ctx.Done()
		return ctx.Err()
	case ignores:
		<-call.gone
	}
	return nil
}
