package reliability_test

import (
	"context"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain"
)

// reuseOn is the environment variable with the channel on which the test runs.
const reuseOn = "INPROCCHAIN_TEST_REUSE_ON"

// The channels on which the handler's goroutine reads the request after the call.
const (
	onBareChannel = "the bare channel"
	onInProcess   = "InProcess"
)

// The race detector reports a data race if the handler's goroutine still reads the request
// while the caller writes to it. On the bare channel and on InProcess it does: the test runs
// itself there, in separate processes, and expects the report.
func TestCallerMayReuseRequestAfterTimeout(t *testing.T) {
	t.Parallel()
	for _, call := range []struct {
		name   string
		reason error
		want   codes.Code
	}{
		{"timed out", context.DeadlineExceeded, codes.DeadlineExceeded},
		{"cancelled", context.Canceled, codes.Canceled},
	} {
		t.Run(call.name, func(t *testing.T) {
			if err := reuseRequest(t.Context(), call.reason); status.Code(err) != call.want {
				t.Fatalf("the call returned %v, want %v", err, call.want)
			}
			if raceDetector && os.Getenv(reuseOn) == "" {
				wantRaceOn(t, onBareChannel)
				wantRaceOn(t, onInProcess)
			}
		})
	}
}

// An ending context ends with the error reason when done is closed.
type ending struct {
	context.Context
	done   chan struct{}
	reason error
}

func (e *ending) Done() <-chan struct{} { return e.done }

func (e *ending) Err() error {
	select {
	case <-e.done:
		return e.reason
	default:
		return nil
	}
}

// reuseRequest makes a call that ends before its handler has decoded the request, and
// changes the request while the handler decodes it.
func reuseRequest(ctx context.Context, reason error) error {
	call := &ending{ctx, make(chan struct{}), reason}
	returned, decoded := make(chan struct{}), make(chan struct{})
	service := scripted{
		request: func() any {
			close(call.done)
			<-returned
			return new(wrapperspb.BytesValue)
		},
		unary: func(context.Context, any) (any, error) {
			close(decoded)
			return new(emptypb.Empty), nil
		},
	}
	var cc grpc.ClientConnInterface = service.onChannel()
	switch os.Getenv(reuseOn) {
	case onBareChannel:
		cc = service.onBareChannel()
	case onInProcess:
		cc = service.onChannel().InProcess()
	}
	req := wrapperspb.Bytes(make([]byte, 1<<10))
	err := cc.Invoke(call, scriptedUnary, req, new(emptypb.Empty))
	close(returned)
	flip(req.Value)
	<-decoded
	return err
}

func wantRaceOn(t *testing.T, channel string) {
	self := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+strings.ReplaceAll(t.Name(), "/", "$/^")+"$", "-test.timeout=60s")
	self.Env = append(os.Environ(), reuseOn+"="+channel)
	output, err := self.CombinedOutput()
	if err == nil || !strings.Contains(string(output), "DATA RACE") {
		t.Errorf("on %s: %v, want the report of a data race\n%s", channel, err, output)
	}
}

// A handler may reuse the response that it has returned once its context ends, since a
// server on a network has encoded it by then.
func TestHandlerMayReuseResponseOnceItsContextEnds(t *testing.T) {
	t.Parallel()
	for _, notice := range []struct {
		name string
		end  func(ctx context.Context, reuse func())
	}{
		{"by AfterFunc", func(ctx context.Context, reuse func()) { context.AfterFunc(ctx, reuse) }},
		{"by Done", func(ctx context.Context, reuse func()) {
			go func() {
				<-ctx.Done()
				reuse()
			}()
		}},
		{"by Err", func(ctx context.Context, reuse func()) {
			go func() {
				for ctx.Err() == nil {
					runtime.Gosched()
				}
				reuse()
			}()
		}},
	} {
		t.Run(notice.name, func(t *testing.T) {
			t.Parallel()
			var reused sync.WaitGroup
			service := scripted{unary: func(ctx context.Context, _ any) (any, error) {
				response := wrapperspb.Bytes([]byte("as returned"))
				reused.Add(1)
				notice.end(ctx, func() {
					flip(response.Value)
					reused.Done()
				})
				return response, nil
			}}
			ch := service.onChannel()
			for name, cc := range everyConn(t, service, ch) {
				for range 100 {
					reply := new(wrapperspb.BytesValue)
					if err := cc.Invoke(t.Context(), scriptedUnary, new(wrapperspb.BytesValue), reply); err != nil {
						t.Fatalf("%s: %v", name, err)
					}
					if got := string(reply.Value); got != "as returned" {
						t.Fatalf("%s: the reply is %q, want %q as the handler returned it", name, got, "as returned")
					}
				}
			}
			reused.Wait()
			if err := ch.Shutdown(t.Context()); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// everyConn returns a connection to service on a network, and all those to ch, by name.
func everyConn(t *testing.T, service scripted, ch *inprocchain.Channel) map[string]grpc.ClientConnInterface {
	return map[string]grpc.ClientConnInterface{
		"network":    service.onNetwork(t),
		"Channel":    ch,
		"ClientConn": ch.ClientConn(),
		"InProcess":  ch.InProcess(),
	}
}

// A caller may receive into the message that the handler returns.
func TestReplyMayBeTheResponseItself(t *testing.T) {
	t.Parallel()
	shared := wrapperspb.Bytes([]byte("shared"))
	service := scripted{unary: respondWith(shared)}
	ch := service.onChannel()
	for name, cc := range everyConn(t, service, ch) {
		if err := cc.Invoke(t.Context(), scriptedUnary, new(wrapperspb.BytesValue), shared); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := string(shared.Value); got != "shared" {
			t.Fatalf("%s: the reply is %q, want %q", name, got, "shared")
		}
	}
}

// If the handler responds after the call has returned, the reply is not changed.
func TestCallerMayReuseReplyAfterTimeout(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	returned, responded := make(chan struct{}), make(chan struct{})
	ch := scripted{unary: func(context.Context, any) (any, error) {
		cancel()
		<-returned
		defer close(responded)
		return wrapperspb.Bytes([]byte("late")), nil
	}}.onChannel()
	reply := wrapperspb.Bytes([]byte("old"))
	if err := ch.Invoke(ctx, scriptedUnary, new(wrapperspb.BytesValue), reply); status.Code(err) != codes.Canceled {
		t.Fatalf("the call returned %v, want Canceled", err)
	}
	close(returned)
	reply.Value = []byte("new")
	<-responded
	if err := ch.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := string(reply.Value); got != "new" {
		t.Errorf("the reply is %q, want %q as the caller has set it", got, "new")
	}
}
