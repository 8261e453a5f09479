package scenarios_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/conformance/connect"
)

// descs are the kinds of streams that a client may request.
var descs = []struct {
	name string
	desc grpc.StreamDesc
}{
	{"unary", grpc.StreamDesc{}},
	{"client stream", grpc.StreamDesc{ClientStreams: true}},
	{"server stream", grpc.StreamDesc{ServerStreams: true}},
	{"bidi stream", grpc.StreamDesc{ClientStreams: true, ServerStreams: true}},
}

// useStream sends messages, closes the stream for sending, receives until an error, and then
// receives once more.
func useStream(ctx context.Context, call testCaller, desc grpc.StreamDesc, method string, messages int) error {
	var header, trailer metadata.MD
	s, err := call.NewStream(ctx, &desc, method, grpc.Header(&header), grpc.Trailer(&trailer))
	if err != nil {
		return err
	}
	for i := range messages {
		if err := s.SendMsg(wrapperspb.String(fmt.Sprint("request ", i))); err != nil && err != io.EOF {
			return err
		}
	}
	if err := s.CloseSend(); err != nil {
		return err
	}
	if desc.ServerStreams {
		err = testStream{s}.receiveAll()
	} else {
		err = testStream{s}.receiveOne()
		_ = testStream{s}.receiveOne() // is at the end
	}
	s.Header()
	s.Trailer()
	return err
}

// Generic proxies call every method as a stream.
func TestUnaryMethodsAreCalledByNewStreamAsOnANetwork(t *testing.T) {
	var scenarios []scenario
	for _, handler := range []struct {
		name  string
		serve func(context.Context, *testText) (any, error)
		code  codes.Code
	}{
		{"answers", nil, codes.OK},
		{"answers with nil", func(context.Context, *testText) (any, error) { return nil, nil }, codes.OK},
		{"answers with metadata", func(ctx context.Context, req *testText) (any, error) {
			return req, errors.Join(grpc.SetHeader(ctx, metadata.Pairs("a-header", "h")), grpc.SetTrailer(ctx, metadata.Pairs("a-trailer", "t")))
		}, codes.OK},
		{"answers with what is no message", func(context.Context, *testText) (any, error) { return "a string", nil }, codes.Internal},
		{"fails", func(context.Context, *testText) (any, error) { return nil, status.Error(codes.NotFound, "nothing") }, codes.NotFound},
		{"fails with a plain error", func(context.Context, *testText) (any, error) { return wrapperspb.String("dropped"), io.ErrNoProgress }, codes.Unknown},
	} {
		for _, kind := range descs {
			for messages, code := range []codes.Code{codes.Internal, handler.code, codes.Internal} {
				if messages == 2 && !kind.desc.ClientStreams {
					continue // SendMsg refuses it
				}
				scenarios = append(scenarios, scenario{
					name:  fmt.Sprintf("handler %s/%s with %d messages", handler.name, kind.name, messages),
					serve: testService{unary: handler.serve},
					calls: func(ctx context.Context, call testCaller) error {
						return useStream(ctx, call, kind.desc, methodUnary, messages)
					},
					code: code,
				})
			}
		}
	}
	runScenarios(t, scenarios)
}

// Invoke calls every method, and receives one message.
func TestStreamingMethodsAreCalledByInvokeAsOnANetwork(t *testing.T) {
	var scenarios []scenario
	for _, method := range append(allStreams, methodUnaryStream) {
		for _, end := range []struct {
			name string
			err  error
		}{{"ends", nil}, {"fails", status.Error(codes.NotFound, "nothing")}} {
			for answers := range 2 {
				code := status.Code(end.err)
				if end.err == nil && answers == 0 {
					code = codes.Internal
				}
				scenarios = append(scenarios, scenario{
					name: fmt.Sprintf("%s/handler answers %d times and %s", kindOf(method), answers, end.name),
					serve: testService{stream: func(ss grpc.ServerStream) error {
						msg := new(testText)
						if err := ss.RecvMsg(msg); err != nil {
							return err
						}
						ss.SetTrailer(metadata.Pairs("a-trailer", "t"))
						for range answers {
							if err := ss.SendMsg(msg); err != nil {
								return err
							}
						}
						return end.err
					}},
					calls: func(ctx context.Context, call testCaller) error {
						var header, trailer metadata.MD
						return call.Invoke(ctx, method, wrapperspb.String("request"), new(testText), grpc.Header(&header), grpc.Trailer(&trailer))
					},
					code: code,
				})
			}
		}
	}
	runScenarios(t, scenarios)
}

// On a network, such an RPC has no end for stats handlers, so only its error is compared.
func TestSecondResponseToInvokeIsAnErrorAsOnANetwork(t *testing.T) {
	t.Parallel()
	for _, method := range append(allStreams, methodUnaryStream) {
		for _, end := range []error{nil, status.Error(codes.NotFound, "nothing")} {
			var ended sync.WaitGroup
			service := testService{stream: func(ss grpc.ServerStream) error {
				defer ended.Done()
				_ = replyToFirst(2)(ss)
				return end
			}}
			want := ""
			for _, conn := range connect.All(t, inprocchain.Chain{}, service.register) {
				ended.Add(1)
				err := conn.Conn.Invoke(t.Context(), method, wrapperspb.String("request"), new(testText))
				if status.Code(err) != codes.Internal {
					t.Errorf("%s, %s: got %v, want Internal", conn.Name, method, err)
				}
				if !conn.InProcess {
					want = err.Error()
				} else if err.Error() != want {
					t.Errorf("%s, %s: got %v, want %s as on a network", conn.Name, method, err, want)
				}
				ended.Wait()
			}
		}
	}
}

// The client may declare a different kind of stream than the server.
func TestStreamsOfADifferentKindBehaveAsOnANetwork(t *testing.T) {
	var scenarios []scenario
	for _, method := range append(allStreams, methodUnaryStream) {
		for _, kind := range descs {
			for answers := range 2 {
				code := codes.OK
				if !kind.desc.ServerStreams && answers != 1 {
					code = codes.Internal
				}
				scenarios = append(scenarios, scenario{
					name:  fmt.Sprintf("%s called as %s, %d answers", kindOf(method), kind.name, answers),
					serve: testService{stream: replyToFirst(answers)},
					calls: func(ctx context.Context, call testCaller) error {
						return useStream(ctx, call, kind.desc, method, 1)
					},
					code: code,
				})
			}
		}
	}
	runScenarios(t, scenarios)
}
