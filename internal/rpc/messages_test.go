package rpc

import (
	"sync"
	"testing"
	"testing/synctest"

	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain/internal/message"
	"github.com/inprocchain/inprocchain/internal/wire"
)

// newTestMessages returns the messages of a stream that nobody else uses.
func newTestMessages() *messages { return newMessages(&transportStream{cancelHandler: func() {}}) }

// A queue counts the memory of the messages in it, and refers to no others. Its places do not
// pile up, however many messages pass through it.
func TestQueueHoldsOnlyItsMessages(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name           string
		left           int // messages that stay in the queue
		measured       int // how often the memory is measured, in messages
		passed, places int
	}{
		{"passes one at a time", 0, 1, 1000, keptPlaces},
		{"never measured", 10, 10_000, 1000, keptPlaces},
		{"measured at times", 10, 7, 1000, keptPlaces},
		{"measured with each", 100, 1, 10_000, 500},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var q queue
			q.changed.L = new(sync.Mutex)
			put, taken := 0, 0
			for put < test.passed {
				put++
				q.put(queued{bytes: put})
				if put%test.measured == 0 {
					q.isFull()
				}
				for put-taken > test.left {
					taken++
					q.take()
				}
			}
			checkQueue(t, &q, taken+1, put, test.places)
			for ; taken < put; taken++ {
				q.take()
			}
			checkQueue(t, &q, put+1, put, keptPlaces)
		})
	}
}

// A long queue gives up its places when it is empty.
func TestEmptyQueueIsSmall(t *testing.T) {
	t.Parallel()
	var q queue
	q.changed.L = new(sync.Mutex)
	for i := range 1000 {
		q.put(queued{bytes: i + 1})
	}
	for i := range 1000 {
		q.take()
		if i == 300 { // Some messages are measured before they are moved to the front.
			q.isFull()
		}
		if i == 700 {
			checkQueue(t, &q, 702, 1000, 2000)
		}
	}
	checkQueue(t, &q, 1001, 1000, keptPlaces)
}

// checkQueue checks a queue of messages whose memory is a number, from first to last.
func checkQueue(t *testing.T, q *queue, first, last, places int) {
	t.Helper()
	q.isFull()
	want := 0
	for n := first; n <= last; n++ {
		want += n
	}
	if q.bytes != want {
		t.Errorf("the queue counts %d bytes, want %d", q.bytes, want)
	}
	held := 0
	for _, m := range q.messages[:cap(q.messages)] {
		if m.bytes != 0 {
			held++
		}
	}
	if want := last - first + 1; held != want {
		t.Errorf("the queue refers to %d messages, want %d", held, want)
	}
	if got := cap(q.messages); got > places {
		t.Errorf("the queue has %d places, want at most %d", got, places)
	}
}

// A sender waits while the queue is full, and goes on once there is room.
func TestSenderWaitsForRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newTestMessages()
		m.requests.put(queued{bytes: window})
		isPut := false
		go func() {
			for isDone := false; !isDone; {
				isDone, isPut = m.put(&m.requests, message.Copy{}, false)
			}
		}()
		synctest.Wait()
		if isPut {
			t.Error("the sender has not waited")
		}
		m.stream.mu.Lock()
		m.requests.take()
		m.stream.mu.Unlock()
		synctest.Wait()
		if !isPut {
			t.Error("the sender still waits")
		}
		m.stream.end(byClient, wire.ErrCanceled)
	})
}

// A receiver that waits goes on with the next message, and with the end after the last one.
func TestReceiverIsWoken(t *testing.T) {
	t.Parallel()
	for name, send := range map[string]func(*messages){
		"a message":        func(m *messages) { m.put(&m.requests, message.Copy{}, false) },
		"the last message": func(m *messages) { m.put(&m.requests, message.Copy{}, true) },
		"CloseSend":        func(m *messages) { m.closeRequests() },
	} {
		synctest.Test(t, func(t *testing.T) {
			m := newTestMessages()
			isWoken := false
			go func() {
				m.stream.mu.Lock()
				defer m.stream.mu.Unlock()
				m.requests.changed.Wait()
				isWoken = true
			}()
			synctest.Wait()
			send(m)
			synctest.Wait()
			if !isWoken {
				t.Errorf("%s does not wake the receiver", name)
			}
			if want := name != "a message"; m.requests.isClosed != want {
				t.Errorf("%s: the queue is closed: %t, want %t", name, m.requests.isClosed, want)
			}
			m.stream.end(byClient, wire.ErrCanceled)
		})
	}
}

// A handler receives no request after the end, nor io.EOF, except what it already waits for.
func TestEndDropsWhatNobodyAwaits(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name      string
		isAwaited bool
		want      int // messages
	}{{"nobody receives", false, 0}, {"the handler receives", true, 1}} {
		m := newTestMessages()
		m.requests.isAwaited = test.isAwaited
		for range 3 {
			var c message.Copy
			if err := new(message.Transfer).Copy(&c, wrapperspb.String("text"), false); err != nil {
				t.Fatal(err)
			}
			m.put(&m.requests, c, false)
		}
		m.stream.end(byClient, wire.ErrCanceled)
		m.closeRequests()
		if got := len(m.requests.messages) - m.requests.head; got != test.want || m.requests.isClosed {
			t.Errorf("%s: there are %d messages, and the queue is closed: %t; want %d, and false", test.name, got, m.requests.isClosed, test.want)
		}
	}
}
