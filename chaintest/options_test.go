package chaintest

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain"
)

func TestWithCmpOptions(t *testing.T) {
	t.Parallel()
	ignoreValue := protocmp.IgnoreFields(&wrapperspb.StringValue{}, "value")
	for _, c := range []struct {
		name     string
		options  []cmp.Option
		failures int
	}{
		{"no options", nil, 1},
		{"another field ignored", []cmp.Option{protocmp.IgnoreFields(&wrapperspb.BytesValue{}, "value")}, 1},
		{"field ignored", []cmp.Option{ignoreValue}, 0},
		{"field ignored with protocmp.Transform", []cmp.Option{protocmp.Transform(), ignoreValue}, 0},
		{"comparer of all messages", []cmp.Option{cmp.Comparer(func(a, b proto.Message) bool {
			return a.ProtoReflect().Descriptor() == b.ProtoReflect().Descriptor()
		})}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			// The response, its size and the status details differ in each run.
			var runs atomic.Int64
			counted := unaryServer(func(_ context.Context, req any, _ grpc.UnaryHandler) (any, error) {
				id := wrapperspb.String(fmt.Sprintf("%0*d", 3*runs.Load(), runs.Load()))
				if req.(*wrapperspb.StringValue).Value == "fail" {
					st, err := status.New(codes.NotFound, "nothing").WithDetails(id)
					if err != nil {
						t.Error(err)
					}
					return nil, st.Err()
				}
				return id, nil
			})
			for _, message := range []string{"message", "fail"} {
				failures := failuresOf(t, func(t testing.TB) {
					Compare(t, inprocchain.NewChain(counted), register, func(ctx context.Context, cc grpc.ClientConnInterface) error {
						runs.Add(1)
						return ignoringError(callUnary(message))(ctx, cc)
					}, WithCmpOptions(c.options...))
				})
				mustHaveFailures(t, failures, c.failures)
			}
		})
	}
}

func TestWithErrorCode(t *testing.T) {
	t.Parallel()
	aborted := returning(status.Error(codes.Aborted, "else"))
	for _, c := range []struct {
		name  string
		added inprocchain.Option // to the channel
		calls Calls
		code  codes.Code
		wants []string
	}{
		{name: "the code on both", calls: callUnary("fail"), code: codes.NotFound},
		{"another code on both", nil, callUnary("fail"), codes.Aborted, []string{
			"on the network, calls returned an error that is not Aborted: rpc error: code = NotFound desc = nothing",
			"in-process, calls returned an error that is not Aborted: rpc error: code = NotFound desc = nothing",
		}},
		{"no error", nil, callUnary("message"), codes.NotFound, []string{
			"on the network, calls returned no error, but it is meant to fail with NotFound: " + notRefused,
			"in-process, calls returned no error, but it is meant to fail with NotFound: " + notRefused,
		}},
		{"another code in-process", aborted, callUnary("fail"), codes.NotFound, []string{
			unaryMethod + ", RPC 1 of 1, is not the same in-process as on the network: do both connections share state?",
			"in-process, calls returned an error that is not NotFound: rpc error: code = Aborted desc = else",
		}},
		{"another message in-process", returning(status.Error(codes.NotFound, "else")), callUnary("fail"), codes.NotFound, []string{
			unaryMethod + ", RPC 1 of 1, is not the same in-process as on the network: do both run the same interceptors",
		}},
		{name: "Unimplemented", calls: func(ctx context.Context, cc grpc.ClientConnInterface) error {
			return cc.Invoke(ctx, "/test.Service/Unknown", wrapperspb.String(""), new(wrapperspb.StringValue))
		}, code: codes.Unimplemented},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			channel := openConn(t, inProcess)
			if c.added != nil {
				channel = openConn(t, inProcess, c.added)
			}
			onNetwork := openConn(t, network)
			failures := failuresOf(t, func(t testing.TB) {
				CompareConns(t, onNetwork, channel, c.calls, WithErrorCode(c.code))
			})
			mustFailWith(t, failures, c.wants...)
			mustHaveFailures(t, failures, len(c.wants))
		})
	}
}
