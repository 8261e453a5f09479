package reliability_test

import (
	"context"
	"io"
	"math/rand/v2"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// streams opens n streams. The first continues when all of them are open.
func (s *soak) streams(ctx context.Context, n int) {
	var working, opened sync.WaitGroup
	opened.Add(n)
	allOpen := make(chan struct{})
	limit := time.Duration(n) * 200 * time.Microsecond // about twice the time that opening them takes
	for i := range n {
		working.Go(func() {
			s.callStream(ctx, uint64(i)+1<<32, limit, func() {
				opened.Done()
				<-allOpen
			})
		})
	}
	opened.Wait()
	close(allOpen)
	working.Wait()
}

// callStream sends messages, which the handler returns in order. The caller acts according
// to its callerBehavior.
func (s *soak) callStream(ctx context.Context, n uint64, limit time.Duration, open func()) {
	random := s.random(n)
	ctx, call := s.begin(ctx, n, random, limit)
	defer call.cancel()
	defer close(call.gone)
	stream, err := s.conn(n).NewStream(ctx, bidi, scriptedBidi)
	open()
	if err != nil {
		s.endStream(n, call, err, 0, 1)
		return
	}
	messages := 1 + random.IntN(20)
	sent, received := 0, 0
	var sending sync.WaitGroup
	sending.Go(func() { sent = sendNumbers(stream, n, messages, random) })
	var gotErr error
	for {
		m := new(wrapperspb.BytesValue)
		if gotErr = stream.RecvMsg(m); gotErr != nil {
			break
		}
		if got := numberOf(m); got != n+uint64(received)<<40 {
			s.lose("stream %d got message %x, want its message %d", n, got, received)
		}
		flip(m.Value)
		received++
	}
	sending.Wait()
	if gotErr == io.EOF {
		gotErr = nil
	}
	s.endStream(n, call, gotErr, received, sent)
}

func (s *soak) endStream(n uint64, call *soakCall, err error, received, sent int) {
	s.streamEnds.add(err)
	if !call.mayEndWith(err) || err == nil && received != sent {
		s.lose("stream %d, with handler behavior %d and caller behavior %d, got %d of %d messages and %v",
			n, call.handlerBehavior, call.callerBehavior, received, sent, err)
	}
}

func sendNumbers(stream grpc.ClientStream, n uint64, messages int, random *rand.Rand) (sent int) {
	for i := range messages {
		m := number(n + uint64(i)<<40)
		m.Value = append(m.Value, make([]byte, random.IntN(2<<10))...)
		if err := stream.SendMsg(m); err != nil {
			return sent // RecvMsg reports the error
		}
		flip(m.Value) // The caller may reuse it.
		sent++
	}
	_ = stream.CloseSend() // RecvMsg reports the error.
	return sent
}

func (s *soak) serveStream(ss grpc.ServerStream) error {
	s.handlersBegan.Add(1)
	defer s.handlersEnded.Add(1)
	m := new(wrapperspb.BytesValue)
	if err := ss.RecvMsg(m); err != nil {
		return err
	}
	found, ok := s.calls.Load(numberOf(m))
	if !ok {
		return status.Error(codes.Canceled, "the caller has returned")
	}
	call := found.(*soakCall)
	ss.SetTrailer(metadata.Pairs("trailer", "set"))
	for {
		if err := ss.SendMsg(m); err != nil {
			return s.sendOn(ss, call, err)
		}
		if call.callerBehavior == callerCancelsOnceServed {
			call.cancel()
		}
		if err := s.behave(ss.Context(), call); err != nil {
			return err
		}
		if err := ss.RecvMsg(m); err == io.EOF {
			return nil
		} else if err != nil {
			return s.sendOn(ss, call, err)
		}
	}
}

// sendOn continues to send to a caller that has returned, as a handler that ignores errors
// does.
func (s *soak) sendOn(ss grpc.ServerStream, call *soakCall, err error) error {
	if call.handlerBehavior != handlerIgnoresContext {
		return err
	}
	for range 3 {
		if ss.SendMsg(new(wrapperspb.BytesValue)) == nil {
			s.lose("a handler sent to a caller that had returned, and got no error")
		}
		_ = ss.SendHeader(metadata.Pairs("header", "late"))
	}
	return nil
}
