package differential_test

import (
	"context"
	"errors"
	"sync"
	"time"

	"google.golang.org/grpc/metadata"
)

var contextNames = []string{
	"without a deadline",
	"with a deadline in 1 s",
	"whose deadline has passed",
	"whose deadline has passed, with a nil Err",
	"that is canceled",
	"that is canceled with a cause",
	"that ends with an error of its own",
}

// contexts make the client's context of a run.
var contexts = []func(*run) (context.Context, context.CancelFunc){
	func(r *run) (context.Context, context.CancelFunc) {
		return context.WithCancel(r.outgoing())
	},
	func(r *run) (context.Context, context.CancelFunc) {
		return context.WithTimeout(r.outgoing(), time.Second)
	},
	func(r *run) (context.Context, context.CancelFunc) {
		return context.WithTimeout(r.outgoing(), -time.Second)
	},
	func(r *run) (context.Context, context.CancelFunc) {
		ctx, cancel := context.WithCancel(r.outgoing())
		return slowClock{ctx}, cancel
	},
	func(r *run) (context.Context, context.CancelFunc) {
		ctx, cancel := context.WithCancel(r.outgoing())
		cancel()
		return ctx, cancel
	},
	func(r *run) (context.Context, context.CancelFunc) {
		ctx, cancel := context.WithCancelCause(r.outgoing())
		return ctx, func() { cancel(errors.New("the cause")) }
	},
	func(r *run) (context.Context, context.CancelFunc) {
		ctx, cancel := context.WithCancel(r.outgoing())
		own := &ownError{Context: ctx, done: make(chan struct{})}
		return own, func() {
			cancel()
			own.end()
		}
	},
}

func (r *run) outgoing() context.Context {
	if r.program.outgoing == 0 {
		return context.Background()
	}
	return metadata.NewOutgoingContext(context.Background(), md(r.program.outgoing))
}

// An ownError is a context that ends with an error that is not one of package context.
type ownError struct {
	context.Context
	done chan struct{} // Package context would recognize the channel of the embedded context.
	once sync.Once
}

func (c *ownError) Done() <-chan struct{} { return c.done }

func (c *ownError) Err() error {
	select {
	case <-c.done:
		return errOver
	default:
		return nil
	}
}

func (c *ownError) end() { c.once.Do(func() { close(c.done) }) }

var errOver = errors.New("over")

// A slowClock is a context whose deadline has passed, but that has not ended, as happens if
// its timer has not run yet.
type slowClock struct{ context.Context }

func (slowClock) Deadline() (time.Time, bool) { return time.Now().Add(-time.Second), true }
