package rpc

import (
	"sync"

	"github.com/inprocchain/inprocchain/internal/message"
)

// window is how many bytes of messages a sender may be ahead of its receiver
// before it waits. It is the most that a network with grpc-go's defaults allows: the
// write quota of a stream (internal/transport/defaults.go) and the largest window
// of a stream that its bandwidth estimator chooses
// (internal/transport/bdp_estimator.go). A program that does not block on any
// network does not block here.
const window = 64<<10 + 16<<20

// framing is the length of the prefix of each message on a network.
const framing = 5

// A queue holds the messages of one direction of a stream that the receiver has not
// taken. The lock of the stream guards it.
type queue struct {
	readable sync.Cond
	writable sync.Cond
	messages []message.Copy
	head     int // of messages: those before it have been taken
	counted  int // messages before it are in bytes
	bytes    int
	closed   bool // by the sender
}

func (q *queue) init(lock sync.Locker) { q.readable.L, q.writable.L = lock, lock }

func (q *queue) isEmpty() bool { return q.head == len(q.messages) }

// isFull asks for the sizes of messages only when there is another one, since the
// receiver takes most of them before.
func (q *queue) isFull() bool {
	for ; q.counted < len(q.messages); q.counted++ {
		q.bytes += q.messages[q.counted].WindowSize() + framing
	}
	return q.bytes >= window
}

// put adds a message, and takes it over. The queue must not be full.
func (q *queue) put(m message.Copy) {
	q.messages = append(q.messages, m)
	q.readable.Signal()
}

// take returns the next message. The queue must not be empty.
func (q *queue) take() message.Copy {
	m := q.messages[q.head]
	q.messages[q.head] = message.Copy{}
	if q.head < q.counted {
		wasFull := q.bytes >= window
		if q.bytes -= m.WindowSize() + framing; wasFull && q.bytes < window {
			q.writable.Broadcast()
		}
	}
	q.head++
	q.counted = max(q.counted, q.head)
	switch {
	case q.isEmpty(): // This is frequent, and there is nothing to copy or clear.
		q.messages, q.head, q.counted = q.messages[:0], 0, 0
	case q.head >= len(q.messages)/2: // The messages that have been taken must not pile up.
		left := copy(q.messages, q.messages[q.head:])
		clear(q.messages[left:])
		q.messages, q.counted, q.head = q.messages[:left], q.counted-q.head, 0
	}
	return m
}

// close lets the receiver take what is there, and then see the end.
func (q *queue) close() {
	q.closed = true
	q.wake()
}

// drop lets go of the messages.
func (q *queue) drop() { q.messages, q.head, q.counted, q.bytes = nil, 0, 0, 0 }

// wake has both sides look at the state of the stream again.
func (q *queue) wake() {
	q.readable.Broadcast()
	q.writable.Broadcast()
}
