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
	mu         sync.Mutex
	messages   []queued
	head       int // of messages
	ahead      int // bytes in messages
	writerDone bool
	readerDone bool

	readable chan struct{} // holds a token when a reader that waits should look again
	writable chan struct{}
}

type queued struct {
	message clone.Owned
	size    int
}

func (q *queue) init() {
	q.readable = make(chan struct{}, 1)
	q.writable = make(chan struct{}, 1)
}

// put adds a message, which it takes over. It waits while the queue is full;
// it returns io.EOF once the reader is done, or the error of ctx.
func (q *queue) put(ctx context.Context, message clone.Owned, size int) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		q.mu.Lock()
		if q.readerDone || q.writerDone {
			q.mu.Unlock()
			return io.EOF
		}
		if q.ahead < window {
			q.messages = append(q.messages, queued{message, size})
			q.ahead += size + framing
			q.mu.Unlock()
			wake(q.readable)
			return nil
		}
		q.mu.Unlock()
		select {
		case <-q.writable:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// get takes the next message. It waits for one; it returns io.EOF once the
// writer is done, or the error of ctx, in both cases only after what is there
// has been taken.
func (q *queue) get(ctx context.Context) (queued, error) {
	for {
		message, ok, done := q.take()
		if ok {
			return message, nil
		}
		if done {
			return queued{}, io.EOF
		}
		select {
		case <-q.readable:
		case <-ctx.Done():
			if message, ok, _ := q.take(); ok {
				return message, nil
			}
			return queued{}, ctx.Err()
		}
	}
}

func (q *queue) take() (message queued, ok, done bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.head == len(q.messages) {
		return queued{}, false, q.writerDone
	}
	message = q.messages[q.head]
	q.messages[q.head] = queued{}
	if q.head++; q.head >= len(q.messages)/2 { // so that what has been taken does not pile up
		left := copy(q.messages, q.messages[q.head:])
		clear(q.messages[left:])
		q.messages, q.head = q.messages[:left], 0
	}
	full := q.ahead >= window
	if q.ahead -= message.size + framing; full && q.ahead < window {
		wake(q.writable)
	}
	return message, true, false
}

// closeWrite lets the reader take what is there, and then io.EOF.
func (q *queue) closeWrite() {
	q.mu.Lock()
	q.writerDone = true
	q.mu.Unlock()
	wake(q.readable)
}

// closeRead lets the writer know that nobody reads any more.
func (q *queue) closeRead() {
	q.mu.Lock()
	q.readerDone = true
	q.messages, q.head, q.ahead = nil, 0, 0
	q.mu.Unlock()
	wake(q.writable)
}

func wake(waiting chan struct{}) {
	select {
	case waiting <- struct{}{}:
	default:
	}
}
