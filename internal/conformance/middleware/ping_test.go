package middleware_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	testpb "github.com/grpc-ecosystem/go-grpc-middleware/v2/testing/testpb"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/testing/testvalidate"
	validatepb "github.com/grpc-ecosystem/go-grpc-middleware/v2/testing/testvalidate/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// pinger does what the value of a request asks for.
type pinger struct{ testpb.TestPingService }

func pingServices(s grpc.ServiceRegistrar) {
	testpb.RegisterTestServiceServer(s, &pinger{})
	validatepb.RegisterTestValidateServiceServer(s, &testvalidate.TestValidateService{})
}

func (*pinger) Ping(ctx context.Context, req *testpb.PingRequest) (*testpb.PingResponse, error) {
	answer, err := obey(ctx, req.GetValue())
	return &testpb.PingResponse{Value: answer}, err
}

func (*pinger) PingList(req *testpb.PingListRequest, stream testpb.TestService_PingListServer) error {
	answer, err := obey(stream.Context(), req.GetValue())
	if err != nil {
		return err
	}
	if err := stream.Send(&testpb.PingListResponse{Value: answer}); err != nil {
		return err
	}
	return stream.Send(&testpb.PingListResponse{Value: req.GetValue() + " again", Counter: 1})
}

func obey(ctx context.Context, what string) (string, error) {
	switch what {
	case "panic":
		method, _ := grpc.Method(ctx)
		panic("at " + method[strings.LastIndex(method, "/")+1:])
	case "break":
		return "", errors.New("disk full")
	case "give up":
		return "", context.Canceled
	case "wait":
		<-ctx.Done()
		return "", context.DeadlineExceeded // on either side
	case "until":
		if _, ok := ctx.Deadline(); ok {
			return "until a deadline", nil
		}
		return "until ever", nil
	case "third time", "never":
		if attempt := attemptOf(ctx); what == "never" || attempt < 3 {
			return "", status.Errorf(codes.Unavailable, "attempt %d", attempt)
		}
	}
	return what + " " + userOf(ctx), nil
}

// attemptOf reads the metadata of the retry interceptor, which counts from the first retry.
func attemptOf(ctx context.Context) int {
	var retries int
	for _, value := range metadata.ValueFromIncomingContext(ctx, "x-retry-attempt") {
		fmt.Sscan(value, &retries)
	}
	return retries + 1
}

type userKey struct{}

func withUser(ctx context.Context, user string) context.Context {
	return context.WithValue(ctx, userKey{}, user)
}

func userOf(ctx context.Context) string {
	if user, ok := ctx.Value(userKey{}).(string); ok {
		return user
	}
	return "nobody"
}

// A call makes an RPC and describes its result.
type call func(context.Context, grpc.ClientConnInterface) string

type calls []call

func (c calls) make(ctx context.Context, cc grpc.ClientConnInterface) []string {
	var outcomes []string
	for _, call := range c {
		outcomes = append(outcomes, call(ctx, cc))
	}
	return outcomes
}

func ping(value string) call { return pingFor(value, 0) }

func pingFor(value string, milliseconds int32) call {
	return func(ctx context.Context, cc grpc.ClientConnInterface) string {
		answer, err := testpb.NewTestServiceClient(cc).Ping(ctx, &testpb.PingRequest{Value: value, SleepTimeMs: milliseconds})
		if err != nil {
			return "Ping: " + describe(err)
		}
		return fmt.Sprintf("Ping: %q", answer.GetValue())
	}
}

func list(value string) call { return listFor(value, 0) }

func listFor(value string, milliseconds int32) call {
	return func(ctx context.Context, cc grpc.ClientConnInterface) string {
		stream, err := testpb.NewTestServiceClient(cc).PingList(ctx, &testpb.PingListRequest{Value: value, SleepTimeMs: milliseconds})
		if err != nil {
			return "PingList: " + describe(err)
		}
		outcome := "PingList:"
		for {
			answer, err := stream.Recv()
			if err == io.EOF {
				return outcome
			}
			if err != nil {
				return outcome + " " + describe(err)
			}
			outcome += fmt.Sprintf(" %q", answer.GetValue())
		}
	}
}

// as makes the call with a user's token, or with none.
func as(user string, call call) call {
	return func(ctx context.Context, cc grpc.ClientConnInterface) string {
		if user != "" {
			ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "bearer "+user)
		}
		return call(ctx, cc)
	}
}

func send(message string) call {
	return func(ctx context.Context, cc grpc.ClientConnInterface) string {
		_, err := validatepb.NewTestValidateServiceClient(cc).Send(ctx, &validatepb.SendRequest{Message: message})
		return "Send: " + describe(err)
	}
}

func sendStream(message string) call {
	return func(ctx context.Context, cc grpc.ClientConnInterface) string {
		stream, err := validatepb.NewTestValidateServiceClient(cc).SendStream(ctx, &validatepb.SendStreamRequest{Message: message})
		if err != nil {
			return "SendStream: " + describe(err)
		}
		for messages := 0; ; messages++ {
			_, err := stream.Recv()
			if err == io.EOF {
				return fmt.Sprintf("SendStream: %d messages", messages)
			}
			if err != nil {
				return "SendStream: " + describe(err)
			}
		}
	}
}

// describe describes everything that a caller can see of an error.
func describe(err error) string {
	if err == nil {
		return "OK"
	}
	st, ok := status.FromError(err)
	if !ok {
		return fmt.Sprintf("not a status: %T %q", err, err)
	}
	if st.Code() == codes.DeadlineExceeded {
		return st.Code().String() // on a network its text varies
	}
	text := fmt.Sprintf("%v %q", st.Code(), st.Message())
	for _, detail := range st.Details() {
		text += fmt.Sprintf(" %T", detail)
	}
	return text
}
