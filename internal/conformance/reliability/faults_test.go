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

// A handler that calls runtime.Goexit, as t.FailNow does, fails its RPC. The bare
// channel reports the successful end of a stream, or an error that is no status.
func TestHandlerThatCallsGoexitFailsItsRPC(t *testing.T) {
	t.Parallel()
	gone := scripted{
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
		ch := gone.onChannel(inprocchain.WithServerStatsHandlers(server))
		if err := call(t.Context(), ch); status.Code(err) != codes.Internal {
			t.Errorf("%s: %v, want Internal", kind, err)
		}
		if err := ch.Shutdown(t.Context()); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		if begun, ended := server.begun.Load(), server.ended.Load(); begun != 1 || ended != 1 {
			t.Errorf("%s: the stats handler was told of %d beginnings and %d ends, want one of each", kind, begun, ended)
		}
	}
	bare := gone.onBareChannel()
	if err := callUnary(t.Context(), bare); err != io.EOF {
		t.Errorf("unary on the bare channel: %v, want a bare io.EOF", err)
	}
	stream := openBidi(t.Context(), t, bare)
	if err := stream.RecvMsg(new(wrapperspb.BytesValue)); err != io.EOF {
		t.Errorf("stream on the bare channel: %v, want io.EOF as for a good end", err)
	}
}

// After a failed SendMsg, a handler must not wait for its context or for messages,
// even if its client never receives.
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
