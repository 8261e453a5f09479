package scenarios_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// okError is an error with the status OK.
type okError struct{}

func (okError) Error() string              { return "okError" }
func (okError) GRPCStatus() *status.Status { return status.New(codes.OK, "fine") }

// noStatusError is an error with a nil status.
type noStatusError struct{}

func (noStatusError) Error() string              { return "noStatusError" }
func (noStatusError) GRPCStatus() *status.Status { return nil }

func withDetails(t *testing.T) error {
	st, err := status.New(codes.FailedPrecondition, "not yet").WithDetails(
		&errdetails.ErrorInfo{Reason: "EARLY", Domain: "conformance", Metadata: map[string]string{"a": "1", "b": "2"}},
		&errdetails.RetryInfo{},
	)
	if err != nil {
		t.Fatal(err)
	}
	return st.Err()
}

// withDetailsThatCannotBeSent returns a status that protobuf does not encode, so that only its
// code and its message are sent.
func withDetailsThatCannotBeSent(t *testing.T) error {
	st := status.Convert(withDetails(t)).Proto()
	st.Message = "a\xffb"
	return status.FromProto(st).Err()
}

func TestErrorsOfHandlersAreReceivedAsOnANetwork(t *testing.T) {
	var scenarios []scenario
	for _, c := range []struct {
		name string
		err  error
		code codes.Code
	}{
		{"status", status.Error(codes.NotFound, "no such thing"), codes.NotFound},
		{"status without message", status.Error(codes.NotFound, ""), codes.NotFound},
		{"status with details", withDetails(t), codes.FailedPrecondition},
		{"wrapped status", fmt.Errorf("wrapped: %w", status.Error(codes.NotFound, "inner")), codes.NotFound},
		{"wrapped status with details", fmt.Errorf("wrapped: %w", withDetails(t)), codes.FailedPrecondition},
		{"joined statuses", errors.Join(status.Error(codes.NotFound, "one"), status.Error(codes.Aborted, "two")), codes.NotFound},
		{"status that is OK", okError{}, codes.Internal},
		{"status that is nil", noStatusError{}, codes.Unknown},
		{"unknown code", status.Error(17, "seventeen"), 17},
		{"large code", status.Error(4000000000, "large"), codes.Unknown},
		{"message in many scripts", status.Error(codes.Aborted, "größer, 世界, 🙂"), codes.Aborted},
		{"message with control characters", status.Error(codes.Aborted, "a\nb\tc%d\x00e%20"), codes.Aborted},
		{"message that is not UTF-8", status.Error(codes.Aborted, "a\xffb"), codes.Aborted},
		{"message that is not UTF-8, with details", withDetailsThatCannotBeSent(t), codes.FailedPrecondition},
		{"plain", errors.New("plain"), codes.Unknown},
		{"plain that is not UTF-8", errors.New("a\xc3\x28b"), codes.Unknown},
		{"wrapped", fmt.Errorf("wrapped: %w", errors.New("plain")), codes.Unknown},
		{"deadline", context.DeadlineExceeded, codes.DeadlineExceeded},
		{"wrapped deadline", fmt.Errorf("wrapped: %w", context.DeadlineExceeded), codes.DeadlineExceeded},
		{"canceled", context.Canceled, codes.Canceled},
		{"wrapped canceled", fmt.Errorf("wrapped: %w", context.Canceled), codes.Canceled},
		{"io.EOF", io.EOF, codes.Unknown},
		{"wrapped io.EOF", fmt.Errorf("wrapped: %w", io.EOF), codes.Unknown},
		{"io.ErrUnexpectedEOF", io.ErrUnexpectedEOF, codes.Unknown},
	} {
		scenarios = append(scenarios, scenario{
			name: "unary/" + c.name,
			serve: testService{unary: func(context.Context, *testText) (any, error) {
				return wrapperspb.String("to be dropped"), c.err
			}},
			calls: func(ctx context.Context, call testCaller) error { return call.unary(ctx) },
			code:  c.code,
		}, scenario{
			name: "header and trailer/" + c.name,
			serve: testService{unary: func(ctx context.Context, _ *testText) (any, error) {
				grpc.SetHeader(ctx, metadata.Pairs("a-header", "h"))
				grpc.SetTrailer(ctx, metadata.Pairs("a-trailer", "t"))
				return nil, c.err
			}},
			calls: func(ctx context.Context, call testCaller) error {
				var header, trailer metadata.MD
				return call.unary(ctx, grpc.Header(&header), grpc.Trailer(&trailer))
			},
			code: c.code,
		})
		for _, kind := range []string{methodClientStream, methodServerStream, methodBidiStream} {
			code := c.code
			if c.err == error(okError{}) && kind != methodClientStream {
				code = codes.OK
			}
			scenarios = append(scenarios, scenario{
				name:  kind + "/" + c.name,
				serve: testService{stream: failAfterFirst(c.err)},
				calls: func(ctx context.Context, call testCaller) error {
					return call.exchange(ctx, kind, "request")
				},
				code: code,
			})
		}
	}
	runScenarios(t, scenarios)
}

func failAfterFirst(err error) func(grpc.ServerStream) error {
	return func(stream grpc.ServerStream) error {
		if err := stream.RecvMsg(new(testText)); err != nil {
			return err
		}
		stream.SetTrailer(metadata.Pairs("a-trailer", "t"))
		return err
	}
}

func TestResponsesAreReceivedAsOnANetwork(t *testing.T) {
	respond := func(response any) testService {
		return testService{unary: func(context.Context, *testText) (any, error) { return response, nil }}
	}
	once := func(ctx context.Context, call testCaller) error { return call.unary(ctx) }
	runScenarios(t, []scenario{
		{name: "plain", calls: once},
		{name: "empty", serve: respond(new(testText)), calls: once},
		{name: "nil", serve: respond(nil), calls: once},
		{name: "typed nil", serve: respond((*testText)(nil)), calls: once},
		{name: "not a message", serve: respond("a string"), calls: once, code: codes.Internal},
		{name: "of another type", serve: respond(wrapperspb.Bytes([]byte("bytes"))), calls: once},
		{name: "of an incompatible type", serve: respond(wrapperspb.Int64(7)), calls: once},
		{name: "nil request", calls: func(ctx context.Context, call testCaller) error {
			return call.Invoke(ctx, methodUnary, nil, new(testText))
		}},
		{name: "typed nil request", calls: func(ctx context.Context, call testCaller) error {
			return call.Invoke(ctx, methodUnary, (*testText)(nil), new(testText))
		}},
		{name: "request of another type", calls: func(ctx context.Context, call testCaller) error {
			return call.Invoke(ctx, methodUnary, wrapperspb.Bytes([]byte("bytes")), new(testText))
		}},
		{name: "request that is not a message", calls: func(ctx context.Context, call testCaller) error {
			return call.Invoke(ctx, methodUnary, "a string", new(testText))
		}, code: codes.Internal},
		{name: "reply that was not empty", calls: func(ctx context.Context, call testCaller) error {
			return call.Invoke(ctx, methodUnary, new(testText), wrapperspb.String("before"))
		}},
		{name: "reply that was not empty, and an error", serve: testService{unary: func(context.Context, *testText) (any, error) {
			return nil, status.Error(codes.Aborted, "")
		}}, calls: func(ctx context.Context, call testCaller) error {
			return call.Invoke(ctx, methodUnary, new(testText), wrapperspb.String("before"))
		}, code: codes.Aborted},
		{name: "reply that is not a message", calls: func(ctx context.Context, call testCaller) error {
			return call.Invoke(ctx, methodUnary, wrapperspb.String("request"), new(string))
		}, code: codes.Internal},
	})
}
