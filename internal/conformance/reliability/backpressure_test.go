package reliability_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// A caller may send all its messages before it receives, although the handler responds to each
// of them, as long as a network would buffer the responses.
func TestSendingAllBeforeReceivingDoesNotBlock(t *testing.T) {
	t.Parallel()
	network := func(t *testing.T) grpc.ClientConnInterface { return scripted{}.onNetwork(t) }
	channel := func(*testing.T) grpc.ClientConnInterface { return scripted{}.onChannel() }
	bare := func(*testing.T) grpc.ClientConnInterface { return scripted{}.onBareChannel() }
	for _, test := range []struct {
		name  string
		count int
		size  int
		open  func(*testing.T) grpc.ClientConnInterface
		want  error
	}{
		{"100 empty messages on the network", 100, 0, network, nil},
		{"100 empty messages in-process", 100, 0, channel, nil},
		{"100 empty messages on the bare channel", 100, 0, bare, context.DeadlineExceeded},
		{"300 KiB on the network", 300, 1 << 10, network, nil},
		{"300 KiB in-process", 300, 1 << 10, channel, nil},
		{"2 MiB in-process", 32, 64 << 10, channel, nil}, // as on a network whose window has grown
		{"one message of 2 MiB in-process", 1, 2 << 20, channel, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { // The deadline passes when all goroutines are blocked.
				if err := sendAllThenReceive(t, test.open(t), test.count, test.size); err != test.want {
					t.Errorf("%v, want %v", err, test.want)
				}
			})
		})
	}
}

func sendAllThenReceive(t *testing.T, cc grpc.ClientConnInterface, count, size int) error {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	stream := openBidi(ctx, t, cc)
	for range count {
		if err := stream.SendMsg(wrapperspb.Bytes(make([]byte, size))); err != nil {
			return err
		}
	}
	if err := stream.CloseSend(); err != nil {
		return err
	}
	for range count {
		if err := stream.RecvMsg(new(wrapperspb.BytesValue)); err != nil {
			return err
		}
	}
	return nil
}
