package reliability_test

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/testpb"
)

// What the bare channel does under faults, and what it comes to here.

// A caller that sends all before it receives must not wait for a handler that
// answers each message, as long as a network would take the answers.
func TestSendingAllBeforeReceivingDoesNotBlock(t *testing.T) {
	t.Parallel()
	if err := sendAllThenReceive(t, scripted{}.onNetwork(t), time.Minute); err != nil {
		t.Errorf("on the network: %v", err)
	}
	if err := sendAllThenReceive(t, scripted{}.onChannel(), time.Minute); err != nil {
		t.Errorf("in-process: %v", err)
	}
	if err := sendAllThenReceive(t, scripted{}.onBareChannel(), 100*time.Millisecond); err != context.DeadlineExceeded {
		t.Errorf("on the bare channel: %v, want it to block until the deadline", err)
	}
}

func sendAllThenReceive(t *testing.T, cc grpc.ClientConnInterface, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	stream := openBidi(ctx, t, cc)
	for range 100 {
		if err := stream.SendMsg(new(wrapperspb.BytesValue)); err != nil {
			return err
		}
	}
	if err := stream.CloseSend(); err != nil {
		return err
	}
	for range 100 {
		if err := stream.RecvMsg(new(wrapperspb.BytesValue)); err != nil {
			return err
		}
	}
	return nil
}

// A handler whose goroutine ends without an answer, as t.FailNow makes it, is an
// error to its caller: the bare channel reports the good end of a stream, or
// what is no status.
func TestHandlerThatEndsItsGoroutineIsAnError(t *testing.T) {
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
		server := new(ledger)
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

// A handler whose answer could not be sent has answered, though its client may
// never look: neither its context nor the client's messages are to be waited for.
func TestHandlerIsNotHeldUpAfterFailedSend(t *testing.T) {
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
