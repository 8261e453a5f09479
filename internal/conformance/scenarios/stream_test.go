package scenarios_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

var allStreams = []string{methodClientStream, methodServerStream, methodBidiStream}

// kindOf shortens a method for the names of tests.
func kindOf(method string) string { return method[strings.LastIndex(method, "/")+1:] }

func TestStreamsBehaveAsOnANetwork(t *testing.T) {
	many := make([]string, 500)
	for i := range many {
		many[i] = "small"
	}
	large := strings.Repeat("large", 200<<10) // 1 MB
	send := func(method string, messages ...string) func(context.Context, testCaller) error {
		return func(ctx context.Context, call testCaller) error { return call.exchange(ctx, method, messages...) }
	}
	runScenarios(t, []scenario{
		{name: "client stream, empty", serve: testService{stream: replyWithLast}, calls: send(methodClientStream)},
		{name: "client stream, short", serve: testService{stream: replyWithLast}, calls: send(methodClientStream, "1", "2")},
		{name: "client stream, many", serve: testService{stream: replyWithLast}, calls: send(methodClientStream, many...)},
		{name: "client stream, large", serve: testService{stream: replyWithLast}, calls: send(methodClientStream, large, large, large)},
		{name: "server stream, empty", serve: testService{stream: replyToFirst(0)}, calls: send(methodServerStream, "1")},
		{name: "server stream, short", serve: testService{stream: replyToFirst(2)}, calls: send(methodServerStream, "1")},
		{name: "server stream, many", serve: testService{stream: replyToFirst(500)}, calls: send(methodServerStream, "1")},
		{name: "server stream, large", serve: testService{stream: replyToFirst(3)}, calls: send(methodServerStream, large)},
		{name: "bidi stream, empty", calls: send(methodBidiStream)},
		{name: "bidi stream, short", calls: send(methodBidiStream, "1", "2")},
		{name: "bidi stream, many before receiving any", calls: send(methodBidiStream, many...)},
		{name: "bidi stream, in turns", calls: func(ctx context.Context, call testCaller) error {
			s, err := call.stream(ctx, methodBidiStream)
			if err != nil {
				return err
			}
			for range 20 {
				if err := errors.Join(s.send("message"), s.receiveOne()); err != nil {
					return err
				}
			}
			return errors.Join(s.CloseSend(), s.receiveAll())
		}},
		{name: "bidi stream, large in turns", calls: func(ctx context.Context, call testCaller) error {
			s, err := call.stream(ctx, methodBidiStream)
			if err != nil {
				return err
			}
			for range 3 {
				if err := errors.Join(s.send(large), s.receiveOne()); err != nil {
					return err
				}
			}
			return errors.Join(s.CloseSend(), s.receiveAll())
		}},
		{name: "bidi stream, sent and received concurrently", calls: func(ctx context.Context, call testCaller) error {
			s, err := call.stream(ctx, methodBidiStream)
			if err != nil {
				return err
			}
			sent := make(chan error)
			go func() { sent <- s.sendAll(many...) }()
			return errors.Join(s.receiveAll(), <-sent)
		}},
		{name: "bidi stream, handler sends and receives concurrently", serve: testService{stream: func(ss grpc.ServerStream) error {
			sent := make(chan error)
			go func() { sent <- ss.SendMsg(wrapperspb.String("unsolicited")) }()
			err := ss.RecvMsg(new(testText))
			return errors.Join(err, <-sent)
		}}, calls: send(methodBidiStream, "1")},
		{name: "request without CloseSend", serve: testService{stream: replyToFirst(1)}, calls: func(ctx context.Context, call testCaller) error {
			s, err := call.stream(ctx, methodServerStream)
			if err != nil {
				return err
			}
			return errors.Join(s.send("request"), s.receiveAll())
		}},
		{name: "no request", serve: testService{stream: replyToFirst(1)}, calls: send(methodServerStream), code: codes.Internal},
		{name: "request is not read", serve: testService{stream: func(grpc.ServerStream) error { return nil }}, calls: send(methodServerStream, "1")},
		{name: "no response", serve: testService{stream: func(ss grpc.ServerStream) error {
			return readAll(ss)
		}}, calls: send(methodClientStream, "1"), code: codes.Internal},
	})
}

func readAll(ss grpc.ServerStream) error {
	for {
		if err := ss.RecvMsg(new(testText)); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func TestStreamsEndEarlyAsOnANetwork(t *testing.T) {
	first := func(then error) testService {
		return testService{stream: func(ss grpc.ServerStream) error {
			msg := new(testText)
			if err := ss.RecvMsg(msg); err != nil {
				return err
			}
			ss.SetTrailer(metadata.Pairs("key", "value"))
			if err := ss.SendMsg(msg); err != nil {
				return err
			}
			return then
		}}
	}
	broken := status.Error(codes.DataLoss, "broken")
	// continueAfterEnd sends one message, receives until the stream ends, and then continues.
	continueAfterEnd := func(method string) func(context.Context, testCaller) error {
		return func(ctx context.Context, call testCaller) error {
			s, err := call.stream(ctx, method)
			if err != nil {
				return err
			}
			if err := s.send("1"); err != nil {
				return err
			}
			err = s.receiveOne()
			if method != methodClientStream {
				err = errors.Join(err, s.receiveAll())
			}
			if method != methodServerStream {
				_ = s.send("2")
			}
			_ = s.CloseSend()
			_ = s.receiveOne()
			_ = s.receiveOne()
			s.Header()
			s.Trailer()
			return err
		}
	}
	runScenarios(t, []scenario{
		{name: "client stream succeeds", serve: first(nil), calls: continueAfterEnd(methodClientStream)},
		{name: "client stream fails after the response", serve: first(broken), calls: continueAfterEnd(methodClientStream), code: codes.DataLoss},
		{name: "bidi stream succeeds", serve: first(nil), calls: continueAfterEnd(methodBidiStream)},
		{name: "bidi stream fails", serve: first(broken), calls: continueAfterEnd(methodBidiStream), code: codes.DataLoss},
		{name: "server stream succeeds", serve: first(nil), calls: continueAfterEnd(methodServerStream)},
		{name: "server stream fails", serve: first(broken), calls: continueAfterEnd(methodServerStream), code: codes.DataLoss},
		{name: "fails before the first response", serve: testService{stream: func(grpc.ServerStream) error {
			return broken
		}}, calls: func(ctx context.Context, call testCaller) error {
			s, err := call.stream(ctx, methodBidiStream)
			if err != nil {
				return err
			}
			err = s.receiveAll()
			_ = s.send("too late")
			_ = s.CloseSend()
			_ = s.send("too late, and closed")
			return err
		}, code: codes.DataLoss},
		{name: "messages sent before the error are received", serve: testService{stream: func(ss grpc.ServerStream) error {
			for range 100 {
				if err := ss.SendMsg(wrapperspb.String("message")); err != nil {
					return err
				}
			}
			return broken
		}}, calls: func(ctx context.Context, call testCaller) error {
			return call.exchange(ctx, methodServerStream, "1")
		}, code: codes.DataLoss},
	})
}

func TestTrailerBeforeEndOfStreamIsAsOnANetwork(t *testing.T) {
	proceed := make(chan struct{}, 1)
	runScenarios(t, []scenario{{
		name: "bidi",
		serve: testService{stream: func(ss grpc.ServerStream) error {
			ss.SetTrailer(metadata.Pairs("key", "value"))
			if err := ss.SendMsg(new(testText)); err != nil {
				return err
			}
			<-proceed
			return nil
		}},
		calls: func(ctx context.Context, call testCaller) error {
			s, err := call.stream(ctx, methodBidiStream)
			if err != nil {
				return err
			}
			err = s.receiveOne()
			s.Trailer()
			proceed <- struct{}{}
			err = errors.Join(err, s.receiveAll())
			s.Trailer()
			return err
		},
	}})
}
