package scenarios_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
)

func TestHandlerContextEndsAsOnANetwork(t *testing.T) {
	var scenarios []scenario
	wait := func(ctx context.Context) { <-ctx.Done() }
	for _, c := range []struct {
		name  string
		serve func(context.Context)
		end   func(context.Context) (context.Context, func()) // of the caller, before the response
	}{
		{"with the response", func(context.Context) {}, func(ctx context.Context) (context.Context, func()) { return ctx, func() {} }},
		{"when its caller cancels", wait, func(ctx context.Context) (context.Context, func()) { return context.WithCancel(ctx) }},
		{"when its caller cancels with a cause", wait, func(ctx context.Context) (context.Context, func()) {
			ctx, cancel := context.WithCancelCause(ctx)
			return ctx, func() { cancel(errOwn) }
		}},
	} {
		for _, method := range []string{methodUnary, methodBidiStream} {
			contexts := make(chan context.Context, 1)
			serve := func(ctx context.Context) error {
				contexts <- ctx
				c.serve(ctx)
				return nil
			}
			scenarios = append(scenarios, scenario{
				name: c.name + method,
				serve: testService{
					unary:  func(ctx context.Context, req *testText) (any, error) { return req, serve(ctx) },
					stream: func(s grpc.ServerStream) error { return serve(s.Context()) },
				},
				calls: func(ctx context.Context, call testCaller) error {
					ctx, end := c.end(ctx)
					called := make(chan error, 1)
					go func() { called <- call.make(ctx, method) }()
					handlerCtx := <-contexts
					end()
					err := <-called
					<-handlerCtx.Done()
					return fmt.Errorf("%v; the handler's context: %v, %v", err, handlerCtx.Err(), context.Cause(handlerCtx))
				},
				code: codes.Unknown,
			})
		}
	}
	runScenarios(t, scenarios)
}

var errOwn = errors.New("an error of the caller")

// ownContext is a context that ends with errOwn.
type ownContext struct {
	context.Context
	done chan struct{}
}

func (c ownContext) Done() <-chan struct{} { return c.done }

func (c ownContext) Err() error {
	select {
	case <-c.done:
		return errOwn
	default:
		return nil
	}
}

// A network transmits a cancellation, but not the error of the context.
func TestHandlerContextDoesNotHaveCallersError(t *testing.T) {
	t.Parallel()
	for _, method := range []string{methodUnary, methodBidiStream} {
		errs := make(chan error, 1)
		done := make(chan struct{})
		err := callWith(ownContext{t.Context(), done}, method, func(ctx context.Context) error {
			close(done)
			<-ctx.Done()
			errs <- ctx.Err()
			return nil
		})
		if got := status.Code(err); got != codes.Internal {
			t.Errorf("%s returned %v; want Internal", method, err)
		}
		if err := <-errs; err != context.Canceled {
			t.Errorf("%s: the handler's context ended with %v; want Canceled", method, err)
		}
	}
}

// On a network, there is always incoming metadata, such as the authority.
func TestHandlerContextHasIncomingMetadata(t *testing.T) {
	t.Parallel()
	for _, method := range []string{methodUnary, methodBidiStream} {
		err := callWith(t.Context(), method, func(ctx context.Context) error {
			if _, ok := metadata.FromIncomingContext(ctx); !ok {
				return errors.New("the context has no incoming metadata")
			}
			return nil
		})
		if err != nil {
			t.Errorf("%s: %v", method, err)
		}
	}
}

func TestHandlerContextStartsNoGoroutine(t *testing.T) {
	t.Parallel()
	for _, method := range []string{methodUnary, methodBidiStream} {
		caller := goroutine()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		err := callWith(ctx, method, func(ctx context.Context) error {
			type key struct{}
			_, cancel := context.WithCancel(context.WithValue(ctx, key{}, "value"))
			defer cancel()
			stacks := make([]byte, 1<<20)
			stacks = stacks[:runtime.Stack(stacks, true)]
			for _, creator := range [][]byte{caller, goroutine()} {
				if bytes.Contains(stacks, append([]byte("propagateCancel in "), creator...)) {
					return fmt.Errorf("%shas started a goroutine that propagates the end of a context:\n%s", creator, stacks)
				}
			}
			return nil
		})
		if err != nil {
			t.Errorf("%s: %v", method, err)
		}
	}
}

// goroutine returns the name of the calling goroutine in stack traces.
func goroutine() []byte {
	stack := make([]byte, 64)
	name, _, _ := bytes.Cut(stack[:runtime.Stack(stack, false)], []byte(" ["))
	return append(name, '\n') // so that it does not match goroutine 10
}

// callWith makes an RPC whose handler calls serve.
func callWith(ctx context.Context, method string, serve func(context.Context) error) error {
	ch := inprocchain.New()
	testService{
		unary:  func(ctx context.Context, req *testText) (any, error) { return req, serve(ctx) },
		stream: func(s grpc.ServerStream) error { return serve(s.Context()) },
	}.register(ch)
	return testCaller{ch}.make(ctx, method)
}

// make makes one RPC. On a stream it sends nothing.
func (c testCaller) make(ctx context.Context, method string) error {
	if method == methodUnary {
		return c.unary(ctx)
	}
	return c.exchange(ctx, method)
}
