package reliability_test

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/testpb"
)

// If a handler calls runtime.Goexit, as t.FailNow does, the RPC fails. On the bare channel, a
// stream ends without an error, and a unary RPC returns io.EOF, which is not a status.
func TestHandlerThatCallsGoexitFailsItsRPC(t *testing.T) {
	t.Parallel()
	exiting := scripted{
		unary: func(context.Context, any) (any, error) {
			runtime.Goexit()
			return nil, nil
		},
		stream: func(grpc.ServerStream) error {
			runtime.Goexit()
			return nil
		},
	}
	for kind, call := range kindsOfRPC {
		server := new(eventCounter)
		ch := exiting.onChannel(inprocchain.WithServerStatsHandlers(server))
		if err := call(t.Context(), ch); status.Code(err) != codes.Internal {
			t.Errorf("%s: %v, want Internal", kind, err)
		}
		if err := ch.Shutdown(t.Context()); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		if begun, ended := server.begun.Load(), server.ended.Load(); begun != 1 || ended != 1 {
			t.Errorf("%s: the stats handler got %d Begin and %d End events, want one of each", kind, begun, ended)
		}
	}
	bare := exiting.onBareChannel()
	if err := callUnary(t.Context(), bare); err != io.EOF {
		t.Errorf("unary on the bare channel: %v, want a bare io.EOF", err)
	}
	stream := openBidi(t.Context(), t, bare)
	if err := stream.RecvMsg(new(wrapperspb.BytesValue)); err != io.EOF {
		t.Errorf("stream on the bare channel: %v, want io.EOF, as for a stream that ends without an error", err)
	}
}

// After a SendMsg of the handler has failed, the handler's context ends and its RecvMsg returns
// an error, even if the client never receives.
func TestHandlerIsNotBlockedAfterFailedSend(t *testing.T) {
	t.Parallel()
	var seen [2]string
	for i, open := range []func(scripted) grpc.ClientConnInterface{
		func(s scripted) grpc.ClientConnInterface { return s.onNetwork(t) },
		func(s scripted) grpc.ClientConnInterface { return s.onChannel() },
	} {
		results := make(chan error, 3)
		service := scripted{stream: func(ss grpc.ServerStream) error {
			results <- ss.SendMsg(new(testpb.Required))
			<-ss.Context().Done()
			results <- ss.Context().Err()
			results <- ss.RecvMsg(new(wrapperspb.BytesValue))
			return nil
		}}
		stream := openBidi(t.Context(), t, open(service))
		for range cap(results) {
			seen[i] += fmt.Sprintln(<-results)
		}
		seen[i] += fmt.Sprintln(stream.RecvMsg(new(wrapperspb.BytesValue)))
	}
	if seen[0] != seen[1] {
		t.Errorf("on the network:\n%sin-process:\n%s", seen[0], seen[1])
	}
}
