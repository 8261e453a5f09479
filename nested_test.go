package inprocchain_test

import (
	"context"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/inprocchain/inprocchain"
)

// A countedDeadline counts how often its deadline is asked for.
type countedDeadline struct {
	context.Context
	asked *atomic.Int64
}

func (c countedDeadline) Deadline() (time.Time, bool) {
	c.asked.Add(1)
	return c.Context.Deadline()
}

// An RPC that the handlers of many others have led to costs as much as they do: its
// context does not ask those of all its callers.
func TestNestedRPCsCostNoMoreThanOthers(t *testing.T) {
	t.Parallel()
	asked := func(depth int) int64 {
		var asked atomic.Int64
		var ch *inprocchain.Channel
		ch = textService{unary: func(ctx context.Context, req string) (string, error) {
			left, err := strconv.Atoi(req)
			if err != nil || left == 0 {
				return req, err
			}
			return callText(countedDeadline{ctx, &asked}, ch, strconv.Itoa(left-1))
		}}.onChannel()
		if _, err := callText(t.Context(), ch, strconv.Itoa(depth)); err != nil {
			t.Fatal(err)
		}
		if err := ch.Shutdown(t.Context()); err != nil {
			t.Fatal(err)
		}
		return asked.Load()
	}
	few, many := asked(400), asked(4000)
	if few == 0 {
		t.Fatal("nobody asked for a deadline, so this test proves nothing")
	}
	if many > 11*few {
		t.Errorf("4000 nested RPCs asked for %d deadlines, and 400 for %d: more than ten times as many", many, few)
	}
}
