package rpc

import (
	"sync"

	"github.com/inprocchain/inprocchain/internal/message"
)

// messages is the messages of a stream that have been sent and not received. The lock of
// the stream guards them.
type messages struct {
	stream    *transportStream
	requests  queue
	responses queue

	connectionEnded error // why the handler no longer waits; nil while it may
}

func newMessages(t *transportStream) *messages {
	m := &messages{stream: t}
	m.requests.changed.L, m.responses.changed.L = &t.mu, &t.mu
	t.listener = m
	return m
}

// changed wakes those who wait for a message, the header, or the end. It is called under the
// lock. Nobody receives a request after the end, except a handler that already waits for it.
func (m *messages) changed() {
	if m.stream.ended != notEnded {
		m.requests.dropUnawaited()
	}
	m.requests.changed.Broadcast()
	m.responses.changed.Broadcast()
}

// put adds a message to one of the queues, and waits if it is full. It reports whether it
// is done, because the message was put or because the RPC has ended; otherwise call it
// again. A handler that would wait is done, too, once its connection's context has ended. After
// the last message, the receiver sees the end.
func (m *messages) put(to *queue, sent message.Copy, isLast bool) (isDone, isPut bool) {
	bytes := 0
	if sent.IsForeign() {
		bytes = sent.Memory() // Its methods must not be called under the lock.
	}
	m.stream.mu.Lock()
	defer m.stream.mu.Unlock()
	switch {
	case m.stream.ended != notEnded:
		return true, false
	case to.isFull() && to == &m.responses && m.connectionEnded != nil:
		return true, false
	case to.isFull():
		to.changed.Wait()
		return false, false
	}
	to.put(queued{sent, bytes})
	if isLast {
		to.close()
	}
	return true, true
}

// endConnection lets the handler stop waiting, with err, unless the RPC has ended before.
func (m *messages) endConnection(err error) {
	m.stream.mu.Lock()
	defer m.stream.mu.Unlock()
	if m.stream.ended == notEnded {
		m.connectionEnded = err
	}
	m.requests.changed.Broadcast()
	m.responses.changed.Broadcast()
}

// whyConnectionEnded returns the error of endConnection, or nil.
func (m *messages) whyConnectionEnded() error {
	m.stream.mu.Lock()
	defer m.stream.mu.Unlock()
	return m.connectionEnded
}

// closeRequests lets the handler receive what was sent, and then see the end.
func (m *messages) closeRequests() {
	m.stream.mu.Lock()
	defer m.stream.mu.Unlock()
	if m.stream.ended == notEnded {
		m.requests.close()
	}
}

// window is how many bytes of memory messages may take up, in one direction of a stream,
// before their sender waits. With it, a sender of any kind of message gets further ahead of
// its receiver than on a network with grpc-go's defaults, where the windows are counted in
// encoded bytes: the write quota of a stream (internal/transport/defaults.go) and the
// largest window that the bandwidth estimator chooses (internal/transport/bdp_estimator.go).
// So a program that does not block on any network does not block here.
const window = 20 << 20

// keptPlaces is how many places for messages an empty queue keeps at the most.
const keptPlaces = 64

// A queue holds the messages of one direction.
type queue struct {
	changed  sync.Cond
	messages []queued
	head     int  // of messages: those before it have been taken
	counted  int  // messages before it are in bytes
	bytes    int  // of memory
	isClosed bool // by the sender

	isAwaited bool // The receiver waits for a message.
}

type queued struct {
	message.Copy
	bytes int // of memory; 0 until it is measured
}

func (q *queue) isEmpty() bool { return q.head == len(q.messages) }

// isFull asks for the memory of messages only when there is another one, since the receiver
// takes most of them before.
func (q *queue) isFull() bool {
	for ; q.counted < len(q.messages); q.counted++ {
		next := &q.messages[q.counted]
		if next.bytes == 0 {
			next.bytes = next.Memory()
		}
		q.bytes += next.bytes
	}
	return q.bytes >= window
}

// put adds a message, and takes it over. The queue must not be full.
func (q *queue) put(m queued) {
	q.messages = append(q.messages, m)
	q.changed.Broadcast()
}

// take returns the next message. The queue must not be empty.
func (q *queue) take() message.Copy {
	next := q.messages[q.head]
	q.messages[q.head] = queued{}
	if q.bytes >= window && q.bytes-next.bytes < window {
		q.changed.Broadcast()
	}
	if q.head < q.counted {
		q.bytes -= next.bytes
	}
	q.head++
	q.counted = max(q.counted, q.head)
	switch {
	case q.isEmpty() && cap(q.messages) > keptPlaces:
		q.drop()
	case q.isEmpty(): // This is frequent, and there is nothing to copy or clear.
		q.messages, q.head, q.counted = q.messages[:0], 0, 0
	case q.head >= len(q.messages)/2: // The messages that have been taken must not pile up.
		left := copy(q.messages, q.messages[q.head:])
		clear(q.messages[left:])
		q.messages, q.counted, q.head = q.messages[:left], q.counted-q.head, 0
	}
	return next.Copy
}

// close lets the receiver take what is there, and then see the end.
func (q *queue) close() {
	q.isClosed = true
	q.changed.Broadcast()
}

// dropUnawaited lets go of what the receiver does not wait for: all but the next message, or
// the end if there is none.
func (q *queue) dropUnawaited() {
	switch {
	case q.isAwaited && !q.isEmpty():
		q.messages, q.head, q.counted, q.bytes = []queued{q.messages[q.head]}, 0, 0, 0
		q.messages[0].bytes = 0
		q.isClosed = false
	case !q.isAwaited:
		q.drop()
		q.isClosed = false
	}
}

// drop lets go of the messages.
func (q *queue) drop() { q.messages, q.head, q.counted, q.bytes = nil, 0, 0, 0 }
