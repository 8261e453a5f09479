package motion_test

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
)

// What a busy handler does after the deadline of its caller reaches the caller neither on a
// network nor in-process, whichever goroutine runs first.
//
// These tests are not parallel, since they load the processors as they need it.

func TestNothingArrivesAfterDeadlineOnOneProcessor(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	for _, test := range lateTests {
		t.Run(test.name, func(t *testing.T) { testAfterDeadline(t, test, 20, 4*time.Millisecond) })
	}
}

func TestNothingArrivesAfterDeadlineUnderLoad(t *testing.T) {
	var load sync.WaitGroup
	defer load.Wait()
	var ended atomic.Bool
	defer ended.Store(true)
	for range 2 * runtime.GOMAXPROCS(0) {
		load.Go(func() {
			for !ended.Load() {
			}
		})
	}
	for _, test := range lateTests {
		t.Run(test.name, func(t *testing.T) { testAfterDeadline(t, test, 10, 200*time.Microsecond) })
	}
}

// testAfterDeadline makes RPCs whose handlers compute until some time after the deadline.
func testAfterDeadline(t *testing.T, test lateTest, attempts int, after time.Duration) {
	const timeout = 5 * time.Millisecond
	var deadline atomic.Pointer[time.Time] // of the current RPC
	var computed atomic.Int32
	compute := func() {
		for time.Since(*deadline.Load()) < after {
		}
		computed.Add(1)
	}
	s := service{
		unary:  func(ctx context.Context) error { compute(); return test.respond(ctx) },
		stream: func(ss grpc.ServerStream) error { compute(); return test.serve(ss) },
	}
	for _, conn := range connections(t, inprocchain.Chain{}, s.register) {
		late := 0
		computed.Store(0)
		for range attempts {
			ctx, cancel := context.WithTimeout(t.Context(), timeout)
			end, _ := ctx.Deadline()
			deadline.Store(&end)
			if err := test.wait(ctx, conn.Conn); status.Code(err) != codes.DeadlineExceeded {
				late++
			}
			cancel()
		}
		t.Logf("%s: %d of %d arrived, of %d handlers", conn.Name, late, attempts, computed.Load())
		if conn.InProcess && late > 0 {
			t.Errorf("%s: %d of %d arrived after the deadline", conn.Name, late, attempts)
		}
	}
}
