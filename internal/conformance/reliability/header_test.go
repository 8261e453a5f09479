package reliability_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

func TestHeaderDoesNotWaitForMessage(t *testing.T) {
	t.Parallel()
	if header, err := headerAfterFirstMessage(t, scripted{}.onChannel(), time.Minute); err != nil || len(header) != 1 || header["content-type"] == nil {
		t.Errorf("Header after the first message: %v, %v, want only a content-type and no error", header, err)
	}
	// The bare channel waits for the next message, which comes only after a request.
	_, err := headerAfterFirstMessage(t, scripted{}.onBareChannel(), 100*time.Millisecond)
	if err != context.DeadlineExceeded {
		t.Errorf("on the bare channel: %v, want it to wait until the deadline", err)
	}
}

// headerAfterFirstMessage returns the header of an echo stream while its handler waits for
// the second message.
func headerAfterFirstMessage(t *testing.T, cc grpc.ClientConnInterface, timeout time.Duration) (metadata.MD, error) {
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	stream := openBidi(ctx, t, cc)
	if err := stream.SendMsg(wrapperspb.Bytes([]byte("first"))); err != nil {
		t.Fatal(err)
	}
	if err := stream.RecvMsg(new(wrapperspb.BytesValue)); err != nil {
		t.Fatal(err)
	}
	return stream.Header()
}

// These handlers never wait for their client, so no order of calls blocks.
var servers = map[string]func(grpc.ServerStream) error{
	"sends its header immediately": func(ss grpc.ServerStream) error {
		if err := ss.SendHeader(metadata.Pairs("header", "sent")); err != nil {
			return err
		}
		return sendSome(ss)
	},
	"sets a header": func(ss grpc.ServerStream) error {
		if err := ss.SetHeader(metadata.Pairs("header", "set")); err != nil {
			return err
		}
		return sendSome(ss)
	},
	"sets no header": sendSome,
	"sets a trailer": func(ss grpc.ServerStream) error {
		ss.SetTrailer(metadata.Pairs("trailer", "set"))
		return sendSome(ss)
	},
	"fails with a header": func(ss grpc.ServerStream) error {
		ss.SetTrailer(metadata.Pairs("trailer", "set"))
		if err := ss.SetHeader(metadata.Pairs("header", "set")); err != nil {
			return err
		}
		return status.Error(codes.DataLoss, "failed")
	},
	"fails immediately": func(grpc.ServerStream) error { return status.Error(codes.DataLoss, "failed") },
	"ends immediately":  func(grpc.ServerStream) error { return nil },
}

func sendSome(ss grpc.ServerStream) error {
	for _, text := range []string{"one", "two", "three"} {
		if err := ss.SendMsg(wrapperspb.Bytes([]byte(text))); err != nil {
			return err
		}
	}
	return nil
}

func TestHeaderInAnyOrderConsumesNoMessage(t *testing.T) {
	t.Parallel()
	orders := permutations([]string{"Header", "RecvMsg", "Trailer", "CloseSend"})
	for name, serve := range servers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			network, ch := scripted{stream: serve}.onNetwork(t), scripted{stream: serve}.onChannel()
			for _, order := range orders {
				want, got := callInOrder(t, network, order), callInOrder(t, ch, order)
				if got != want {
					t.Errorf("%v\nin-process:\n%son the network:\n%s", order, got, want)
				}
			}
		})
	}
}

// callInOrder makes the calls, and then receives until the stream ends. It returns a log
// of the results. It leaves out the trailer before the end, which is unspecified.
func callInOrder(t *testing.T, cc grpc.ClientConnInterface, order []string) string {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	stream := openBidi(ctx, t, cc)
	var log strings.Builder
	recv := func() error {
		m := new(wrapperspb.BytesValue)
		err := stream.RecvMsg(m)
		fmt.Fprintf(&log, "RecvMsg: %s, %v\n", m.Value, err)
		return err
	}
	header := func() {
		md, err := stream.Header()
		fmt.Fprintf(&log, "Header: %v, %v\n", md["header"], err)
	}
	for _, call := range order {
		switch call {
		case "Header":
			header()
		case "RecvMsg":
			_ = recv() // The log has the error.
		case "Trailer":
			if _, network := cc.(*grpc.ClientConn); !network { // grpc-go has a data race here.
				stream.Trailer()
			}
		case "CloseSend":
			fmt.Fprintf(&log, "CloseSend: %v\n", stream.CloseSend())
		}
	}
	for recv() == nil {
	}
	header()
	fmt.Fprintf(&log, "Trailer: %v\n", stream.Trailer()["trailer"])
	return log.String()
}

func permutations(of []string) [][]string {
	if len(of) == 0 {
		return [][]string{nil}
	}
	var all [][]string
	for i := range of {
		rest := append(append([]string(nil), of[:i]...), of[i+1:]...)
		for _, order := range permutations(rest) {
			all = append(all, append([]string{of[i]}, order...))
		}
	}
	return all
}

func TestHeaderAndRecvMsgFromTwoGoroutines(t *testing.T) {
	t.Parallel()
	for name, serve := range servers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := callInOrder(t, scripted{stream: serve}.onNetwork(t), nil)
			ch := scripted{stream: serve}.onChannel()
			for range 20 {
				if got := receiveDuringHeader(t, ch); got != want {
					t.Fatalf("received while another goroutine calls Header:\n%swant\n%s", got, want)
				}
			}
		})
	}
}

// receiveDuringHeader does the same as callInOrder with an empty order, while another
// goroutine calls Header and Trailer repeatedly.
func receiveDuringHeader(t *testing.T, cc grpc.ClientConnInterface) string {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	stream := openBidi(ctx, t, cc)
	received := make(chan struct{})
	var other sync.WaitGroup
	other.Go(func() {
		for {
			_, _ = stream.Header()
			stream.Trailer()
			select {
			case <-received:
				return
			default:
			}
		}
	})
	var log strings.Builder
	for {
		m := new(wrapperspb.BytesValue)
		err := stream.RecvMsg(m)
		fmt.Fprintf(&log, "RecvMsg: %s, %v\n", m.Value, err)
		if err != nil {
			break
		}
	}
	close(received)
	other.Wait()
	header, err := stream.Header()
	fmt.Fprintf(&log, "Header: %v, %v\nTrailer: %v\n", header["header"], err, stream.Trailer()["trailer"])
	return log.String()
}

// Without a header, Header waits until the RPC ends. It does not block goroutines that
// send and receive.
func TestHeaderBlocksNoOtherCall(t *testing.T) {
	t.Parallel()
	ch := scripted{stream: func(ss grpc.ServerStream) error {
		for {
			if err := ss.RecvMsg(new(wrapperspb.BytesValue)); err == io.EOF {
				return nil
			} else if err != nil {
				return err
			}
		}
	}}.onChannel()
	stream := openBidi(t.Context(), t, ch)
	var other sync.WaitGroup
	other.Go(func() {
		if header, err := stream.Header(); header != nil || err != nil {
			t.Errorf("Header: %v, %v, want no header and no error", header, err)
		}
	})
	other.Go(func() {
		if err := stream.RecvMsg(new(wrapperspb.BytesValue)); err != io.EOF {
			t.Errorf("RecvMsg: %v, want io.EOF", err)
		}
	})
	for range 10 {
		if err := stream.SendMsg(new(wrapperspb.BytesValue)); err != nil {
			t.Fatal(err)
		}
		stream.Trailer()
	}
	if err := stream.CloseSend(); err != nil {
		t.Fatal(err)
	}
	other.Wait()
}
