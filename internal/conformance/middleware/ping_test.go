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

// pinger executes the command in the value of a request.
type pinger struct{ testpb.TestPingService }

func pingServices(s grpc.ServiceRegistrar) {
	testpb.RegisterTestServiceServer(s, &pinger{})
	validatepb.RegisterTestValidateServiceServer(s, &testvalidate.TestValidateService{})
}

func (*pinger) Ping(ctx context.Context, req *testpb.PingRequest) (*testpb.PingResponse, error) {
	text, err := execute(ctx, req.GetValue())
	return &testpb.PingResponse{Value: text}, err
}

func (*pinger) PingList(req *testpb.PingListRequest, stream testpb.TestService_PingListServer) error {
	text, err := execute(stream.Context(), req.GetValue())
	if err != nil {
		return err
	}
	if err := stream.Send(&testpb.PingListResponse{Value: text}); err != nil {
		return err
	}
	return stream.Send(&testpb.PingListResponse{Value: req.GetValue() + " again", Counter: 1})
}

func execute(ctx context.Context, command string) (string, error) {
	switch command {
	case "panic":
		method, _ := grpc.Method(ctx)
		panic("at " + method[strings.LastIndex(method, "/")+1:])
	case "fail":
		return "", errors.New("disk full")
	case "cancel":
		return "", context.Canceled
	case "wait":
		<-ctx.Done()
		return "", context.DeadlineExceeded // on either side
	case "until":
		if _, ok := ctx.Deadline(); ok {
			return "until a deadline", nil
		}
		return "until no deadline", nil
	case "third time", "never":
		if attempt := attemptOf(ctx); command == "never" || attempt < 3 {
			return "", status.Errorf(codes.Unavailable, "attempt %d", attempt)
		}
	}
	return command + " " + userOf(ctx), nil
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
	var results []string
	for _, call := range c {
		results = append(results, call(ctx, cc))
	}
	return results
}

func ping(value string) call { return pingFor(value, 0) }

func pingFor(value string, milliseconds int32) call {
	return func(ctx context.Context, cc grpc.ClientConnInterface) string {
		resp, err := testpb.NewTestServiceClient(cc).Ping(ctx, &testpb.PingRequest{Value: value, SleepTimeMs: milliseconds})
		if err != nil {
			return "Ping: " + describe(err)
		}
		return fmt.Sprintf("Ping: %q", resp.GetValue())
	}
}

func list(value string) call { return listFor(value, 0) }

func listFor(value string, milliseconds int32) call {
	return func(ctx context.Context, cc grpc.ClientConnInterface) string {
		stream, err := testpb.NewTestServiceClient(cc).PingList(ctx, &testpb.PingListRequest{Value: value, SleepTimeMs: milliseconds})
		if err != nil {
			return "PingList: " + describe(err)
		}
		result := "PingList:"
		for {
			resp, err := stream.Recv()
			if err == io.EOF {
				return result
			}
			if err != nil {
				return result + " " + describe(err)
			}
			result += fmt.Sprintf(" %q", resp.GetValue())
		}
	}
}

// as makes the call with the token of a user, or without a token if user is empty.
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

// describe describes an error as the caller sees it.
func describe(err error) string {
	if err == nil {
		return "OK"
	}
	st, ok := status.FromError(err)
	if !ok {
		return fmt.Sprintf("not a status: %T %q", err, err)
	}
	if st.Code() == codes.DeadlineExceeded {
		return st.Code().String() // On a network, the text varies.
	}
	text := fmt.Sprintf("%v %q", st.Code(), st.Message())
	for _, detail := range st.Details() {
		text += fmt.Sprintf(" %T", detail)
	}
	return text
}
