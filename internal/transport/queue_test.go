package transport

import (
	"testing"
	"testing/synctest"

	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain/internal/clone"
)

// A stream may live for long without its reader ever being level with its writer.
func TestAQueueThatIsNeverEmptyDoesNotGrow(t *testing.T) {
	t.Parallel()
	var q queue
	q.init(t.Context())
	for n := range 10_000 {
		for range 2 - min(n, 1) { // one ahead
			if err := q.put(clone.Owned{}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := q.get(); err != nil {
			t.Fatal(err)
		}
	}
	if got := cap(q.messages); got > 16 {
		t.Errorf("a queue of one message has room for %d", got)
	}
}

func TestAllWhoWaitForRoomGetIt(t *testing.T) { synctest.Test(t, allWhoWaitForRoomGetIt) }

func allWhoWaitForRoomGetIt(t *testing.T) {
	var q queue
	q.init(t.Context())
	var large clone.Owned
	if err := (clone.Cloner{}).Clone(&large, wrapperspb.Bytes(make([]byte, window))); err != nil {
		t.Fatal(err)
	}
	if err := q.put(large); err != nil {
		t.Fatal(err)
	}
	put := make(chan error)
	for range 2 {
		go func() { put <- q.put(clone.Owned{}) }()
	}
	synctest.Wait()
	if _, err := q.get(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := <-put; err != nil {
			t.Error(err)
		}
	}
}
