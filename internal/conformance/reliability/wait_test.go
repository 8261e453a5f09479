package reliability_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/testservice"
)

func TestShutdownCancelsNothing(t *testing.T) {
	forEachBlockedRPC(t, func(t *testing.T, rpc blockedRPC) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		begin := time.Now()
		if err := rpc.ch.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Shutdown returned %v, want DeadlineExceeded", err)
		}
		if waited := time.Since(begin); waited != time.Hour {
			t.Errorf("Shutdown waited %v for the handler, want until its context ends", waited)
		}
		if err := rpc.handler.Err(); err != nil {
			t.Errorf("the handler's context ended with %v", err)
		}
		close(rpc.release)
		if err := <-rpc.result; err != nil {
			t.Errorf("the RPC ended with %v, want its response", err)
		}
	})
}

func TestCloseWaitsForHandlerThatIgnoresItsContext(t *testing.T) {
	forEachBlockedRPC(t, func(t *testing.T, rpc blockedRPC) {
		closed := make(chan error, 1)
		go func() { closed <- rpc.ch.Close() }()
		if err := <-rpc.result; status.Code(err) != codes.Unavailable {
			t.Errorf("the RPC ended with %v, want Unavailable", err)
		}
		synctest.Wait()
		if err := rpc.handler.Err(); err != context.Canceled {
			t.Errorf("the handler's context ended with %v, want Canceled", err)
		}
		select {
		case err := <-closed:
			t.Errorf("Close returned %v before the handler returned", err)
			closed <- err
		default:
		}
		close(rpc.release)
		if err := <-closed; err != nil {
			t.Error(err)
		}
	})
}

// The caller of an RPC on the channel below learns of Close when its handler returns.
func TestCloseWaitsForHandlerOfTheChannelBelow(t *testing.T) {
	t.Parallel()
	for kind, call := range kindsOfRPC {
		synctest.Test(t, func(t *testing.T) {
			entered, release := make(chan context.Context, 1), make(chan struct{})
			wait := func(ctx context.Context) {
				entered <- ctx
				<-release
			}
			ch := scripted{
				unary:  func(ctx context.Context, req any) (any, error) { wait(ctx); return req, nil },
				stream: func(ss grpc.ServerStream) error { wait(ss.Context()); return nil },
			}.onChannel()
			go func() { _ = call(t.Context(), ch.InProcess()) }()
			ctx := <-entered
			closed := make(chan error, 1)
			go func() { closed <- ch.Close() }()
			synctest.Wait()
			if err := ctx.Err(); err != context.Canceled {
				t.Errorf("%s: the handler's context ended with %v, want Canceled", kind, err)
			}
			select {
			case err := <-closed:
				t.Errorf("%s: Close returned %v before the handler returned", kind, err)
				closed <- err
			default:
			}
			close(release)
			if err := <-closed; err != nil {
				t.Errorf("%s: Close: %v", kind, err)
			}
		})
	}
}

// A blockedRPC is an RPC in flight. Its handler waits until release is closed, even if its
// context ends.
type blockedRPC struct {
	ch      *inprocchain.Channel
	handler context.Context
	release chan struct{}
	result  chan error // receives the result of the RPC
}

// forEachBlockedRPC runs the test with an RPC of each kind, in a bubble.
func forEachBlockedRPC(t *testing.T, test func(*testing.T, blockedRPC)) {
	t.Parallel()
	for kind, call := range kindsOfRPC {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				rpc := blockedRPC{release: make(chan struct{}), result: make(chan error, 1)}
				entered := make(chan context.Context)
				wait := func(ctx context.Context) {
					entered <- ctx
					<-rpc.release
				}
				rpc.ch = scripted{
					unary: func(ctx context.Context, req any) (any, error) {
						wait(ctx)
						return req, nil
					},
					stream: func(ss grpc.ServerStream) error {
						wait(ss.Context())
						return scripted{}.service().Echo(ss)
					},
				}.onChannel()
				go func() { rpc.result <- call(t.Context(), rpc.ch) }()
				rpc.handler = <-entered
				test(t, rpc)
			})
		})
	}
}

// A handler that is written by hand may go on after decode has failed. Its caller has the
// error already, as on a network.
func TestCallerDoesNotWaitForHandlerThatCannotDecode(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	desc := testservice.Desc()
	desc.Methods[0].Handler = func(_ any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
		err := decode(new(int)) // no message
		<-release
		return nil, err
	}
	ch := inprocchain.New()
	ch.RegisterService(desc, scripted{}.service())
	server := grpc.NewServer()
	server.RegisterService(desc, scripted{}.service())
	for name, cc := range map[string]grpc.ClientConnInterface{"network": testservice.Dial(t, server), "Channel": ch, "ClientConn": ch.ClientConn()} {
		if err := cc.Invoke(t.Context(), scriptedUnary, new(wrapperspb.BytesValue), new(emptypb.Empty)); status.Code(err) != codes.Internal {
			t.Errorf("%s: the call got %v, want Internal", name, err)
		}
	}
	close(release)
	if err := ch.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
}
