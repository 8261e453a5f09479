package inprocchain_test

import (
	"context"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/inprocchain/inprocchain"
)

// A countedDeadline counts the calls of its method Deadline.
type countedDeadline struct {
	context.Context
	calls *atomic.Int64
}

func (c countedDeadline) Deadline() (time.Time, bool) {
	c.calls.Add(1)
	return c.Context.Deadline()
}

// The context of a nested RPC does not call Deadline on the contexts of all the RPCs
// around it.
func TestCostOfNestedRPCsGrowsLinearly(t *testing.T) {
	t.Parallel()
	countCalls := func(depth int) int64 {
		var calls atomic.Int64
		var ch *inprocchain.Channel
		ch = textService{unary: func(ctx context.Context, req string) (string, error) {
			depth, err := strconv.Atoi(req)
			if err != nil || depth == 0 {
				return req, err
			}
			return callText(countedDeadline{ctx, &calls}, ch, strconv.Itoa(depth-1))
		}}.onChannel()
		if _, err := callText(t.Context(), ch, strconv.Itoa(depth)); err != nil {
			t.Fatal(err)
		}
		if err := ch.Shutdown(t.Context()); err != nil {
			t.Fatal(err)
		}
		return calls.Load()
	}
	few, many := countCalls(400), countCalls(4000)
	if few == 0 {
		t.Fatal("Deadline was not called, so this test checks nothing")
	}
	if many > 11*few {
		t.Errorf("4000 nested RPCs called Deadline %d times, and 400 called it %d times, want at most ten times as often", many, few)
	}
}
