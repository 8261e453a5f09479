package reliability_test

import (
	"context"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func TestStatusDetailsArriveOnEveryPath(t *testing.T) {
	t.Parallel()
	st, err := status.New(codes.NotFound, "no such flag").WithDetails(&errdetails.ErrorInfo{Reason: "DELETED"})
	if err != nil {
		t.Fatal(err)
	}
	ch := scripted{
		unary:  func(context.Context, any) (any, error) { return nil, st.Err() },
		stream: func(grpc.ServerStream) error { return st.Err() },
	}.onChannel()
	for name, cc := range map[string]grpc.ClientConnInterface{"Channel": ch, "ClientConn": ch.ClientConn(), "InProcess": ch.InProcess()} {
		for kind, call := range kindsOfRPC {
			if got := status.Convert(call(t.Context(), cc)); got.String() != st.String() || len(got.Details()) != 1 {
				t.Errorf("%s, %s: %v with the details %v, want %v", name, kind, got, got.Details(), st)
			}
		}
	}
}
