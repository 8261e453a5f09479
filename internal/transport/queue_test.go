package transport

import (
	"testing"

	"github.com/inprocchain/inprocchain/internal/clone"
)

// A stream may live for long without its reader ever being level with its writer.
func TestAQueueThatIsNeverEmptyDoesNotGrow(t *testing.T) {
	t.Parallel()
	var q queue
	q.init(t.Context())
	for n := range 10_000 {
		for range 2 - min(n, 1) { // one ahead
			if err := q.put(clone.Owned{}, 0); err != nil {
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
