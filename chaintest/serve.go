package chaintest

import (
	"context"
	"testing"
	"time"

	"google.golang.org/grpc"

	"github.com/inprocchain/inprocchain"
)

// Serve returns a Channel with the services that register registers, for the time of a test.
// Tests use it instead of a listener of package bufconn, a server, a dialer and a
// connection:
//
//	client := pb.NewFlagsClient(chaintest.Serve(t, func(s grpc.ServiceRegistrar) {
//		pb.RegisterFlagsServer(s, newService())
//	}))
//
// The options are those of [inprocchain.New]. Where the code under test needs a
// *grpc.ClientConn, give it the Channel's ClientConn.
//
// When the test ends, Serve closes the Channel: it cancels the RPCs that are still in
// flight, waits for their handlers, and fails the test if one has not returned after five
// seconds. No goroutine is left then, so goleak finds those of the test. If the test calls
// t.Cleanup after Serve, the Channel is still open in that function.
//
// In a testing/synctest bubble, call Serve inside of the bubble, with the bubble's t. It
// must be called from the goroutine of the test.
func Serve(t testing.TB, register func(grpc.ServiceRegistrar), opts ...inprocchain.Option) *inprocchain.Channel {
	t.Helper()
	if register == nil {
		t.Fatal("chaintest: Serve: register is nil; register the services that the test calls")
	}
	channel := inprocchain.New(opts...)
	t.Cleanup(func() { closeChannel(t, "Serve", channel, closeTimeout) })
	register(channel)
	return channel
}

// closeTimeout limits how long a test waits for handlers whose RPCs are canceled.
const closeTimeout = 5 * time.Second

func closeChannel(t testing.TB, function string, channel *inprocchain.Channel, timeout time.Duration) {
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		_ = channel.Close() // always returns nil
	}()
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	select {
	case <-closed:
		return
	case <-timer.C:
	}
	expired, cancel := context.WithCancel(context.Background())
	cancel()
	if err := channel.Shutdown(expired); err != nil { // It names the methods.
		t.Errorf("chaintest: %s, in-process: %v: %v", function, errHandlerRunning, err)
	}
}
