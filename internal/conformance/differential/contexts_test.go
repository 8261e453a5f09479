package differential_test

import (
	"context"
	"time"

	"google.golang.org/grpc/metadata"
)

var contextNames = []string{
	"without a deadline",
	"with a deadline in 1 s",
	"whose deadline has passed",
	"whose deadline has passed, with a nil Err",
	"that is canceled",
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
}

func (r *run) outgoing() context.Context {
	if r.program.outgoing == 0 {
		return context.Background()
	}
	return metadata.NewOutgoingContext(context.Background(), md(r.program.outgoing))
}

// A slowClock is a context that does not end at its deadline, as one whose timer
// has not run yet.
type slowClock struct{ context.Context }

func (slowClock) Deadline() (time.Time, bool) { return time.Now().Add(-time.Second), true }
