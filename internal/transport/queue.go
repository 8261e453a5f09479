package transport

import (
	"context"
	"io"
	"sync"

	"github.com/inprocchain/inprocchain/internal/clone"
)

// What a sender may be ahead of its receiver on a network before it blocks:
// grpc-go's write quota and its stream window, 64 KiB each, with 5 bytes of
// framing to a message (internal/transport/defaults.go).
const (
	window  = 128 << 10
	framing = 5
)

// A queue carries the messages of one direction of a stream, from one goroutine
// to another, in order. Its zero value is not ready: see init.
type queue struct {
	ctx context.Context // the RPC's: who ends it must wake who waits

	mu         sync.Mutex
	readable   sync.Cond
	writable   sync.Cond
	messages   []clone.Owned
	head       int // of messages
	sized      int // those from head to here are in ahead
	ahead      int // bytes
	writerDone bool
	readerDone bool
}

func (q *queue) init(ctx context.Context) {
	q.ctx, q.readable.L, q.writable.L = ctx, &q.mu, &q.mu
}

// put adds a message, which it takes over. It waits while the queue is full;
// it returns io.EOF once either side is done, or the error of the context.
func (q *queue) put(message clone.Owned) error {
	q.mu.Lock()
	for {
		if err := q.ctx.Err(); err != nil {
			q.mu.Unlock()
			return err
		}
		if q.readerDone || q.writerDone {
			q.mu.Unlock()
			return io.EOF
		}
		if !q.isFull() {
			q.messages = append(q.messages, message)
			q.mu.Unlock()
			q.readable.Signal()
			return nil
		}
		q.writable.Wait()
	}
}

// isFull asks for the sizes of messages only when there is another, since most are
// taken before.
func (q *queue) isFull() bool {
	for ; q.sized < len(q.messages); q.sized++ {
		q.ahead += q.messages[q.sized].Size() + framing
	}
	return q.ahead >= window
}

// get takes the next message. It waits for one; it returns io.EOF once the
// writer is done, or the error of the context, in both cases only after what is
// there has been taken; context.Canceled once the reader is done.
func (q *queue) get() (clone.Owned, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.head == len(q.messages) {
		if q.writerDone {
			return clone.Owned{}, io.EOF
		}
		if err := q.ctx.Err(); err != nil {
			return clone.Owned{}, err
		}
		if q.readerDone {
			return clone.Owned{}, context.Canceled
		}
		q.readable.Wait()
	}
	return q.take(), nil
}

func (q *queue) take() clone.Owned {
	message := q.messages[q.head]
	q.messages[q.head] = clone.Owned{}
	if q.head < q.sized {
		full := q.ahead >= window
		if q.ahead -= message.Size() + framing; full && q.ahead < window {
			q.writable.Broadcast()
		}
	}
	q.head++
	q.sized = max(q.sized, q.head)
	if q.head >= len(q.messages)/2 { // so that what has been taken does not pile up
		left := copy(q.messages, q.messages[q.head:])
		clear(q.messages[left:])
		q.messages, q.sized, q.head = q.messages[:left], q.sized-q.head, 0
	}
	return message
}

// closeWrite lets the reader take what is there, and then io.EOF.
func (q *queue) closeWrite() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.writerDone = true
	q.wake()
}

// closeRead lets the writer know that nobody reads any more.
func (q *queue) closeRead() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.readerDone = true
	q.messages, q.head, q.sized, q.ahead = nil, 0, 0, 0
	q.wake()
}

// contextEnded has who waits look again, at the context.
func (q *queue) contextEnded() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.wake()
}

func (q *queue) wake() {
	q.readable.Broadcast()
	q.writable.Broadcast()
}
