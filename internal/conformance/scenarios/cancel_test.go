package scenarios_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain/internal/testservice"
)

func TestRPCWithEndedContextFailsAsOnANetwork(t *testing.T) {
	canceled := func(ctx context.Context) (context.Context, context.CancelFunc) {
		ctx, cancel := context.WithCancel(ctx)
		cancel()
		return ctx, cancel
	}
	caused := func(ctx context.Context) (context.Context, context.CancelFunc) {
		ctx, cancel := context.WithCancelCause(ctx)
		cancel(errors.New("the cause"))
		return ctx, func() {}
	}
	late := func(ctx context.Context) (context.Context, context.CancelFunc) {
		return context.WithDeadline(ctx, time.Now().Add(-time.Second))
	}
	var scenarios []scenario
	for _, c := range []struct {
		name string
		end  func(context.Context) (context.Context, context.CancelFunc)
		code codes.Code
	}{
		{"canceled", canceled, codes.Canceled},
		{"canceled with a cause", caused, codes.Canceled},
		{"deadline", late, codes.DeadlineExceeded},
	} {
		scenarios = append(scenarios, scenario{
			name: c.name,
			calls: func(ctx context.Context, call testCaller) error {
				ctx, cancel := c.end(ctx)
				defer cancel()
				return call.all(ctx)
			},
			code: c.code,
		})
	}
	runScenarios(t, scenarios)
}

// shortly is long enough for an RPC to reach its handler, and short enough for a test.
const shortly = 200 * time.Millisecond

func TestEndOfContextDuringRPCIsAsOnANetwork(t *testing.T) {
	var scenarios []scenario
	for _, ending := range []struct {
		name string
		with func(ctx context.Context, begun <-chan struct{}) (context.Context, context.CancelFunc)
		code codes.Code
	}{
		{"cancel", func(ctx context.Context, begun <-chan struct{}) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			go func() { <-begun; cancel() }()
			return ctx, cancel
		}, codes.Canceled},
		{"deadline", func(ctx context.Context, begun <-chan struct{}) (context.Context, context.CancelFunc) {
			go func() { <-begun }()
			return context.WithTimeout(ctx, shortly)
		}, codes.DeadlineExceeded},
	} {
		for _, handler := range []struct {
			name  string
			after func(ctx context.Context) error
		}{
			{"returns its context's error", func(ctx context.Context) error { return ctx.Err() }},
			{"wraps its context's error", func(ctx context.Context) error { return fmt.Errorf("wrapped: %w", ctx.Err()) }},
			{"returns a status", func(context.Context) error { return status.Error(codes.Aborted, "aborted") }},
			{"returns a response", func(context.Context) error { return nil }},
		} {
			if handler.name != "returns its context's error" && ending.code == codes.DeadlineExceeded {
				continue // On a network, the client may receive either error.
			}
			wait := func(ctx context.Context, begun chan<- struct{}) error {
				begun <- struct{}{}
				<-ctx.Done()
				return handler.after(ctx)
			}
			// Scenarios run in parallel, so each needs a channel of its own.
			begun, headerSent := make(chan struct{}), make(chan struct{})
			scenarios = append(scenarios, scenario{
				name:  "Unary/" + ending.name + ", handler " + handler.name,
				serve: testService{unary: func(ctx context.Context, req *testText) (any, error) { return req, wait(ctx, begun) }},
				calls: func(ctx context.Context, call testCaller) error {
					ctx, cancel := ending.with(ctx, begun)
					defer cancel()
					return call.unary(ctx)
				},
				code: ending.code,
			}, scenario{
				name: "Unary/after its header, " + ending.name + ", handler " + handler.name,
				serve: testService{unary: func(ctx context.Context, req *testText) (any, error) {
					return req, errors.Join(grpc.SendHeader(ctx, metadata.Pairs("key", "early")), wait(ctx, headerSent))
				}},
				calls: func(ctx context.Context, call testCaller) error {
					arrived := make(chan struct{})
					go func() { <-headerSent; time.Sleep(shortly / 2); close(arrived) }()
					ctx, cancel := ending.with(ctx, arrived)
					defer cancel()
					var header metadata.MD
					err := call.unary(ctx, grpc.Header(&header))
					return status.Error(status.Code(err), fmt.Sprint(header["key"]))
				},
				code: ending.code,
			})
			for _, method := range allStreams {
				serve := func(begun chan<- struct{}) testService {
					return testService{stream: func(ss grpc.ServerStream) error {
						_ = ss.RecvMsg(new(testText))
						begun <- struct{}{}
						<-ss.Context().Done()
						if ending.code == codes.Canceled { // On a network, the deadline may not have passed on the server yet.
							_ = ss.SendMsg(new(testText))
							_ = ss.RecvMsg(new(testText))
						}
						return handler.after(ss.Context())
					}}
				}
				open := func(ctx context.Context, call testCaller, begun <-chan struct{}) (testStream, context.CancelFunc, error) {
					ctx, cancel := ending.with(ctx, begun)
					s, err := call.stream(ctx, method)
					if err != nil {
						return s, cancel, err
					}
					return s, cancel, s.send("1")
				}
				received, notReceived := make(chan struct{}), make(chan struct{})
				scenarios = append(scenarios, scenario{
					name:  kindOf(method) + "/received from, " + ending.name + ", handler " + handler.name,
					serve: serve(received),
					calls: func(ctx context.Context, call testCaller) error {
						s, cancel, err := open(ctx, call, received)
						defer cancel()
						if err != nil {
							return err
						}
						err = s.receiveOne()
						_ = s.receiveOne()
						if method != methodServerStream {
							_ = s.send("too late")
						}
						_ = s.CloseSend()
						s.Header()
						s.Trailer()
						return err
					},
					code: ending.code,
				}, scenario{
					name:  kindOf(method) + "/not received from, " + ending.name + ", handler " + handler.name,
					serve: serve(notReceived),
					calls: func(ctx context.Context, call testCaller) error {
						s, _, err := open(ctx, call, notReceived)
						if err != nil {
							return err
						}
						<-s.Context().Done()
						return nil
					},
				})
			}
		}
	}
	runScenarios(t, scenarios)
}

func TestCanceledStreamsEndAsOnANetwork(t *testing.T) {
	untilDone := func(ss grpc.ServerStream) error {
		<-ss.Context().Done()
		return ss.Context().Err()
	}
	sendUntilDone := func(ss grpc.ServerStream) error {
		if err := ss.SendMsg(wrapperspb.String("first")); err != nil {
			return err
		}
		return untilDone(ss)
	}
	received := make(chan struct{})
	var scenarios []scenario
	for _, method := range allStreams {
		abandon := func(use func(testStream) error) func(context.Context, testCaller) error {
			return func(ctx context.Context, call testCaller) error {
				ctx, cancel := context.WithCancel(ctx)
				defer cancel()
				s, err := call.stream(ctx, method)
				if err != nil {
					return err
				}
				return use(s)
			}
		}
		scenarios = append(scenarios,
			scenario{
				name:  kindOf(method) + "/immediately",
				serve: testService{stream: untilDone},
				calls: abandon(func(testStream) error { return nil }),
			},
			scenario{
				name:  kindOf(method) + "/after its header",
				serve: testService{stream: func(ss grpc.ServerStream) error { return errors.Join(ss.SendHeader(nil), untilDone(ss)) }},
				calls: abandon(func(s testStream) error { _, err := s.Header(); return err }),
			},
		)
		if method != methodClientStream {
			scenarios = append(scenarios, scenario{
				name:  kindOf(method) + "/after its first message",
				serve: testService{stream: sendUntilDone},
				calls: abandon(func(s testStream) error { return s.receiveOne() }),
			})
		}
	}
	scenarios = append(scenarios, scenario{
		name:  "BidiStream/while the handler receives",
		serve: testService{stream: testservice.Service{}.Echo},
		calls: func(ctx context.Context, call testCaller) error {
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			s, err := call.stream(ctx, methodBidiStream)
			if err != nil {
				return err
			}
			return errors.Join(s.send("1"), s.receiveOne())
		},
	}, scenario{
		name: "BidiStream/while a goroutine receives",
		serve: testService{stream: func(ss grpc.ServerStream) error {
			if err := ss.RecvMsg(new(testText)); err != nil {
				return err
			}
			received <- struct{}{}
			return readAll(ss)
		}},
		calls: func(ctx context.Context, call testCaller) error {
			ctx, cancel := context.WithCancel(ctx)
			s, err := call.stream(ctx, methodBidiStream)
			if err != nil {
				cancel()
				return err
			}
			ended := make(chan error)
			go func() { ended <- s.receiveAll() }()
			err = s.send("1")
			<-received
			cancel()
			return errors.Join(err, <-ended)
		},
		code: codes.Canceled,
	})
	runScenarios(t, scenarios)
}
