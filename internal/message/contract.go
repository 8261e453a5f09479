package message

import (
	"bytes"
	"fmt"
	"slices"
	"sync"

	"google.golang.org/protobuf/proto"
)

// A Contract checks that the shared messages of a client do not change. It remembers the last
// responses, since a handler that has cached one sends it again. A nil Contract checks nothing.
type Contract struct {
	mu        sync.Mutex
	responses recent
}

// NewContract returns a Contract in a program that is built with the race detector, and
// otherwise nil.
func NewContract() *Contract {
	if !checksContract {
		return nil
	}
	return new(Contract)
}

// A Watch checks that the shared messages of one RPC do not change. A nil Watch checks
// nothing.
type Watch struct {
	contract *Contract
	method   string

	mu        sync.Mutex
	sent      recent
	counts    [2]int // of messages, by direction
	violation string // that was found already
	isOver    bool
}

// Watch returns a Watch for an RPC. It is nil if c is.
func (c *Contract) Watch(method string) *Watch {
	if c == nil {
		return nil
	}
	return &Watch{contract: c, method: method}
}

// A direction is that of a message.
type direction int

const (
	request direction = iota
	response
)

func (d direction) String() string { return [...]string{"request", "response"}[d] }

// Requests returns a Transfer like t whose messages w checks.
func (w *Watch) Requests(t *Transfer) *Transfer { return w.watch(t, request) }

// Responses returns a Transfer like t whose messages w checks.
func (w *Watch) Responses(t *Transfer) *Transfer { return w.watch(t, response) }

func (w *Watch) watch(t *Transfer, d direction) *Transfer {
	watched := *t
	watched.watch, watched.direction = w, d
	return &watched
}

// add adds a message that is being shared.
func (w *Watch) add(d direction, in proto.Message) {
	if w == nil {
		return
	}
	sent, err := newSnapshot(in)
	if err != nil {
		return // It has invalid UTF-8, and cannot be compared.
	}
	violation := ""
	if d == response {
		violation = w.checkSentAgain(sent)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.isOver {
		return
	}
	w.counts[d]++
	sent.direction, sent.number = d, w.counts[d]
	w.sent.add(sent)
	if w.violation == "" {
		w.violation = violation
	}
}

// checkSentAgain says how a response differs from what it was when it was sent before.
func (w *Watch) checkSentAgain(sent *snapshot) (violation string) {
	w.contract.mu.Lock()
	before := w.contract.responses.take(sent.of)
	w.contract.responses.add(sent)
	w.contract.mu.Unlock()
	if before == nil {
		return ""
	}
	return w.describe(before, "the response", "since it was sent before")
}

// Check panics if a message has changed that was sent in the RPC. Later calls do nothing.
func (w *Watch) Check() {
	if w == nil {
		return
	}
	w.mu.Lock()
	sent, counts, violation := w.sent, w.counts, w.violation
	w.sent, w.isOver = recent{}, true
	w.mu.Unlock()
	for _, s := range sent.all {
		if violation != "" {
			break
		}
		which := "the " + s.direction.String()
		if counts[s.direction] > 1 {
			which = fmt.Sprintf("%v %d", s.direction, s.number)
		}
		violation = w.describe(s, which, "after it was sent")
	}
	if violation != "" {
		panic(violation)
	}
}

// describe says how a message has changed, or returns "".
func (w *Watch) describe(s *snapshot, which, since string) string {
	field := s.changedField()
	if field == "" {
		return ""
	}
	return fmt.Sprintf("inprocchain: WithSharedMessages: %s: %s (%s) has changed at %s %s; "+
		"what a shared message points to must never change, so change a copy that proto.Clone makes, or use a client without WithSharedMessages",
		w.method, which, s.of.ProtoReflect().Descriptor().FullName(), field, since)
}

// A snapshot is what a message was when it was sent.
type snapshot struct {
	of        proto.Message // the sender's
	direction direction
	number    int // of the messages in the direction, from 1

	shared   proto.Message // what the receiver gets, apart from the struct
	encoding []byte
}

func newSnapshot(in proto.Message) (*snapshot, error) {
	s := &snapshot{of: in, shared: generatedTypeOf(in).sharing.copy(in)}
	var err error
	s.encoding, err = s.encode()
	return s, err
}

// encode needs less time and memory than a copy to compare with.
func (s *snapshot) encode() ([]byte, error) {
	return proto.MarshalOptions{AllowPartial: true, Deterministic: true}.Marshal(s.shared)
}

// changedField returns the path of a field that has changed, or "".
func (s *snapshot) changedField() string {
	now, err := s.encode()
	if err != nil {
		return fmt.Sprintf("a field that cannot be encoded (%v)", err)
	}
	if bytes.Equal(now, s.encoding) {
		return ""
	}
	return firstDifference(s.decode(s.encoding).ProtoReflect(), s.decode(now).ProtoReflect())
}

// decode returns the message with an encoding that encode has returned.
func (s *snapshot) decode(data []byte) proto.Message {
	msg := s.shared.ProtoReflect().New().Interface()
	if err := (proto.UnmarshalOptions{AllowPartial: true}).Unmarshal(data, msg); err != nil {
		panic(fmt.Sprintf("inprocchain: decoding a %T that has been encoded: %v", msg, err))
	}
	return msg
}

// Checks are bounded: a recent has at most keptMessages, and one message or keptBytes.
const (
	keptMessages = 32
	keptBytes    = 8 << 20 // of their encodings
)

// A recent has the last snapshots that were added to it.
type recent struct {
	all   []*snapshot
	bytes int
}

func (r *recent) add(s *snapshot) {
	r.all = append(r.all, s)
	r.bytes += len(s.encoding)
	for len(r.all) > keptMessages || r.bytes > keptBytes && len(r.all) > 1 {
		r.remove(0)
	}
}

// take removes and returns the snapshot of a message, or returns nil.
func (r *recent) take(of proto.Message) *snapshot {
	i := slices.IndexFunc(r.all, func(s *snapshot) bool { return s.of == of })
	if i < 0 {
		return nil
	}
	return r.remove(i)
}

func (r *recent) remove(i int) *snapshot {
	removed := r.all[i]
	r.all = slices.Delete(r.all, i, i+1)
	r.bytes -= len(removed.encoding)
	return removed
}
