package inprocchain_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain"
)

// A Channel works in a bubble of testing/synctest. Its RPCs wait only for goroutines and
// the clock of the bubble, and no goroutine outlives Shutdown. Otherwise synctest.Test
// would fail.
func TestChannelsWorkInABubble(t *testing.T) {
	t.Parallel()
	for name, clientOf := range map[string]func(*inprocchain.Channel) grpc.ClientConnInterface{
		"Channel":    func(ch *inprocchain.Channel) grpc.ClientConnInterface { return ch },
		"ClientConn": func(ch *inprocchain.Channel) grpc.ClientConnInterface { return ch.ClientConn() },
		"InProcess":  func(ch *inprocchain.Channel) grpc.ClientConnInterface { return ch.InProcess() },
		"NewClient":  func(ch *inprocchain.Channel) grpc.ClientConnInterface { return ch.NewClient() },
	} {
		for what, run := range map[string]func(*testing.T, *inprocchain.Channel, grpc.ClientConnInterface){
			"deadlines":     endAtDeadlines,
			"server stream": receiveHourly,
			"Shutdown":      shutDownAfterAnHour,
			"Close":         closeAfterAnHour,
		} {
			t.Run(what+" on "+name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					ch := slowService.onChannel()
					run(t, ch, clientOf(ch))
					if err := ch.Shutdown(t.Context()); err != nil {
						t.Error(err)
					}
				})
			})
		}
	}
}

// slowService sleeps for the duration in the request. A stream sends a text for each
// hour of it.
var slowService = textService{
	unary: func(ctx context.Context, req string) (string, error) {
		d, err := time.ParseDuration(req)
		if err != nil {
			return "", err
		}
		return req, sleep(ctx, d)
	},
	stream: func(ss grpc.ServerStream) error {
		req := new(wrapperspb.StringValue)
		if err := ss.RecvMsg(req); err != nil {
			return err
		}
		d, err := time.ParseDuration(req.Value)
		if err != nil {
			return err
		}
		for ; d > 0; d -= time.Hour {
			if err := sleep(ss.Context(), min(d, time.Hour)); err != nil {
				return err
			}
			if err := ss.SendMsg(text(".")); err != nil {
				return err
			}
		}
		return nil
	},
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func endAtDeadlines(t *testing.T, _ *inprocchain.Channel, cc grpc.ClientConnInterface) {
	for kind, call := range textCalls {
		begun := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Hour)
		if _, err := call(ctx, cc, "1h"); err != nil {
			t.Errorf("%s, with a deadline after the response: %v", kind, err)
		}
		if _, err := call(ctx, cc, "24h"); status.Code(err) != codes.DeadlineExceeded {
			t.Errorf("%s, with a deadline before the response: %v, want DeadlineExceeded", kind, err)
		}
		cancel()
		if took := time.Since(begun); took != 2*time.Hour {
			t.Errorf("%s: the RPCs took %v, want 2h", kind, took)
		}
	}
}

func receiveHourly(t *testing.T, _ *inprocchain.Channel, cc grpc.ClientConnInterface) {
	begun := time.Now()
	stream, err := openText(t.Context(), cc)
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.SendMsg(text("24h")); err != nil {
		t.Fatal(err)
	}
	for hour := 1; hour <= 24; hour++ {
		if err := stream.RecvMsg(new(wrapperspb.StringValue)); err != nil {
			t.Fatal(err)
		}
		if at := time.Since(begun); at != time.Duration(hour)*time.Hour {
			t.Errorf("message %d arrived after %v", hour, at)
		}
	}
	if _, err := receiveTexts(stream); err != nil {
		t.Error(err)
	}
}

func shutDownAfterAnHour(t *testing.T, ch *inprocchain.Channel, cc grpc.ClientConnInterface) {
	begun := time.Now()
	result := make(chan error, 2)
	for _, call := range textCalls {
		go func() { _, err := call(t.Context(), cc, "3h"); result <- err }()
	}
	synctest.Wait()
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	err := ch.Shutdown(ctx)
	if !errors.Is(err, context.DeadlineExceeded) || !strings.HasSuffix(err.Error(), "/test.Service/Bidi (1), /test.Service/Unary (1)") {
		t.Errorf("Shutdown for an hour returned %v", err)
	}
	if err := ch.Shutdown(t.Context()); err != nil {
		t.Errorf("Shutdown: %v", err)
	}
	if took := time.Since(begun); took != 3*time.Hour {
		t.Errorf("Shutdown returned after %v, want the 3h of its handlers", took)
	}
	for range cap(result) {
		if err := <-result; err != nil {
			t.Errorf("an RPC in flight: %v", err)
		}
	}
}

func closeAfterAnHour(t *testing.T, ch *inprocchain.Channel, cc grpc.ClientConnInterface) {
	begun := time.Now()
	result := make(chan error, 2)
	for _, call := range textCalls {
		go func() { _, err := call(t.Context(), cc, "3h"); result <- err }()
	}
	time.Sleep(time.Hour + time.Minute)
	if err := ch.Close(); err != nil {
		t.Error(err)
	}
	if took := time.Since(begun); took != time.Hour+time.Minute {
		t.Errorf("Close returned after %v, want it to cancel the RPCs at once", took)
	}
	for range cap(result) {
		if err := <-result; status.Code(err) != codes.Unavailable {
			t.Errorf("an RPC in flight: %v, want Unavailable", err)
		}
	}
}

// A client interceptor that retries uses the clock of the bubble.
func TestRetriesWithBackoffWorkInABubble(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		ch := textService{unary: func(context.Context, string) (string, error) {
			if time.Since(begun) < 5*time.Hour {
				return "", status.Error(codes.Unavailable, "starting")
			}
			return "started", nil
		}}.onChannel(inprocchain.WithUnaryClientInterceptors(retryWithBackoff))
		for name, cc := range map[string]grpc.ClientConnInterface{"Channel": ch, "ClientConn": ch.ClientConn()} {
			begun = time.Now()
			if got, err := callText(t.Context(), cc, ""); got != "started" || err != nil {
				t.Errorf("%s: got %q, %v", name, got, err)
			}
			if took := time.Since(begun); took != 7*time.Hour { // 1 + 2 + 4
				t.Errorf("%s: the response arrived after %v, want 7h", name, took)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), 90*time.Minute)
		defer cancel()
		begun = time.Now()
		if _, err := callText(ctx, ch, ""); status.Code(err) != codes.DeadlineExceeded {
			t.Errorf("retries past the deadline: %v, want DeadlineExceeded", err)
		}
		if err := ch.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// retryWithBackoff retries after an hour, and then after twice as long each time.
func retryWithBackoff(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	for backoff := time.Hour; ; backoff *= 2 {
		err := invoker(ctx, method, req, reply, cc, opts...)
		if status.Code(err) != codes.Unavailable {
			return err
		}
		if err := sleep(ctx, backoff); err != nil {
			return status.FromContextError(err).Err()
		}
	}
}
