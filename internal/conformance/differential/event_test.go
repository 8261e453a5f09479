package differential_test

import (
	"context"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// An event is what one observer has seen in one step of a program.
type event struct {
	step     int
	observer string
	name     string
	fields   []field
}

// A field is one detail of an event. Its value does not change after it has been recorded,
// except by a normalization.
type field struct {
	key   string
	value any
}

func (e event) String() string {
	var b strings.Builder
	b.WriteString(e.name)
	for _, f := range e.fields {
		fmt.Fprintf(&b, " %s=%s", f.key, text(f.value))
	}
	return b.String()
}

// equal reports whether the observer saw the same thing in the same step.
func (e event) equal(other event) bool {
	return e.step == other.step && e.String() == other.String()
}

// field returns the value of the field with the key, or nil.
func (e event) field(key string) any {
	for _, f := range e.fields {
		if f.key == key {
			return f.value
		}
	}
	return nil
}

func text(value any) string {
	switch v := value.(type) {
	case metadata.MD:
		return mdText(v)
	case string:
		return fmt.Sprintf("%q", v)
	default:
		return fmt.Sprint(value)
	}
}

func mdText(md metadata.MD) string {
	if md == nil {
		return "none"
	}
	var b strings.Builder
	b.WriteString("{")
	for i, key := range slices.Sorted(mapKeys(md)) {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%s: %q", key, md[key])
	}
	return b.String() + "}"
}

func mapKeys[V any](m map[string]V) func(func(string) bool) {
	return func(yield func(string) bool) {
		for key := range m {
			if !yield(key) {
				return
			}
		}
	}
}

// A failure is an error, as an observer sees it.
type failure struct {
	kind    string // "status", a name of the error, or the type of any other error
	code    codes.Code
	message string
	details string
}

func failureOf(err error) failure {
	if err == nil {
		return failure{}
	}
	for name, known := range map[string]error{
		"io.EOF": io.EOF, "context.Canceled": context.Canceled, "context.DeadlineExceeded": context.DeadlineExceeded,
	} {
		if err == known {
			return failure{kind: name}
		}
	}
	if s, ok := err.(interface{ GRPCStatus() *status.Status }); ok && s.GRPCStatus() != nil {
		st := s.GRPCStatus()
		message, _, _ := strings.Cut(st.Message(), "from the context ") // The rest is the printed context.
		f := failure{kind: "status", code: st.Code(), message: message}
		if reflect.TypeOf(err) != reflect.TypeOf(st.Err()) {
			f = failure{kind: fmt.Sprintf("%T", err), message: err.Error()}
		}
		for _, detail := range st.Proto().GetDetails() {
			f.details += " " + detail.GetTypeUrl()
		}
		return f
	}
	return failure{kind: fmt.Sprintf("%T", err), message: err.Error()}
}

func (f failure) String() string {
	switch f.kind {
	case "":
		return "nil"
	case "status":
		return fmt.Sprintf("%v(%q)%s", f.code, f.message, f.details)
	case "io.EOF", "context.Canceled", "context.DeadlineExceeded":
		return f.kind
	default:
		return fmt.Sprintf("%s(%q)%s", f.kind, f.message, f.details)
	}
}

// summary describes the error in the kind of a difference.
func (f failure) summary() string {
	switch f.kind {
	case "":
		return "nil"
	case "io.EOF":
		return f.kind
	case "status":
		if f.code == codes.Canceled || f.code == codes.DeadlineExceeded {
			return f.code.String()
		}
		return "an error status"
	default:
		return "an error without a status"
	}
}

// messageText describes a message briefly. Its owner must not write to the message meanwhile.
func messageText(message any) string {
	if message == nil {
		return "nil"
	}
	m, ok := message.(proto.Message)
	if !ok {
		return fmt.Sprintf("%T", message)
	}
	if !m.ProtoReflect().IsValid() {
		return fmt.Sprintf("(%T)(nil)", message)
	}
	encoded, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	name := m.ProtoReflect().Descriptor().Name()
	switch {
	case err != nil:
		return fmt.Sprintf("%s{%v}", name, err)
	case len(encoded) > 12:
		return fmt.Sprintf("%s{%q and %d bytes}", name, encoded[:8], len(encoded)-8)
	default:
		return fmt.Sprintf("%s{%q}", name, encoded)
	}
}

// messageLength returns the encoded length of a message, or 0 for a value that is not a
// message.
func messageLength(message any) int {
	m, ok := message.(proto.Message)
	if !ok {
		return 0
	}
	return proto.Size(m)
}

// A recorder collects the events of one run. It may be used concurrently.
type recorder struct {
	begin time.Time

	mu     sync.Mutex
	step   int
	events []event
}

func (r *recorder) nextStep() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.step++
}

// record adds an event. The details are alternating keys and values.
func (r *recorder) record(observer, name string, details ...any) {
	e := event{observer: observer, name: name}
	for i := 0; i < len(details); i += 2 {
		e.fields = append(e.fields, field{details[i].(string), recorded(details[i+1])})
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	e.step = r.step
	r.events = append(r.events, e)
}

// since returns the time since the beginning of the run. In a bubble, it is exact.
func (r *recorder) since(t time.Time) time.Duration { return t.Sub(r.begin) }

// recorded returns the value of the field of an event.
func recorded(value any) any {
	switch v := value.(type) {
	case nil:
		return failure{}
	case metadata.MD:
		if v == nil {
			return v // Copy would return an empty map.
		}
		return v.Copy()
	case error:
		return failureOf(v)
	default:
		return value
	}
}
