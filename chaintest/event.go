package chaintest

import (
	"context"
	"fmt"
	"hash/fnv"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
)

// An event is one thing that happened, and what is compared of it.
type event struct {
	name   string
	fields []field
	early  bool // on the client, before the RPC's end was told there
}

// A field is text, since that is equal or not, and is what people read.
type field struct{ name, text string }

func (e event) is(name string) bool { return strings.HasSuffix(e.name, name) }

// with replaces a field.
func (e event) with(by field) event {
	e.fields = slices.Clone(e.fields)
	for i := range e.fields {
		if e.fields[i].name == by.name {
			e.fields[i] = by
		}
	}
	return e
}

func (e event) String() string {
	var out strings.Builder
	out.WriteString(e.name)
	for _, f := range e.fields {
		fmt.Fprintf(&out, "; %s %s", f.name, f.text)
	}
	return out.String()
}

// Larger messages are known by their type, size and sum.
const maxMessageText = 1 << 10

func describeMessage(m any) string {
	if m == nil {
		return "nil"
	}
	msg, ok := m.(proto.Message)
	if !ok {
		return fmt.Sprintf("%T %+v", m, reflect.Indirect(reflect.ValueOf(m)))
	}
	if !msg.ProtoReflect().IsValid() {
		return fmt.Sprintf("%T(nil)", m)
	}
	if proto.Size(msg) <= maxMessageText {
		return fmt.Sprintf("%T{%s}", m, prototext.MarshalOptions{EmitUnknown: true, AllowPartial: true}.Format(msg))
	}
	data, err := proto.MarshalOptions{Deterministic: true, AllowPartial: true}.Marshal(msg)
	sum := fnv.New64a()
	sum.Write(data)
	return fmt.Sprintf("%T of %d bytes, sum %x, error %v", m, len(data), sum.Sum64(), err)
}

// Errors of this type have no text but their status.
var ownError = reflect.TypeOf(status.Error(codes.Unknown, ""))

// describeError tells what a caller can see of an error, also by its type.
func describeError(err error) string {
	switch {
	case err == nil:
		return "nil"
	case err == io.EOF:
		return "io.EOF"
	}
	st, ok := status.FromError(err)
	if ok && reflect.TypeOf(err) == ownError {
		return fmt.Sprintf("%T with %s", err, describeStatus(st))
	}
	if ok {
		return fmt.Sprintf("%T %q with %s", err, err, describeStatus(st))
	}
	return fmt.Sprintf("%T %q", err, err)
}

// On a network both sides watch the deadline. This is what the client is told if
// the server is the first to see it pass.
const serverGaveUp = "stream terminated by RST_STREAM with error code: CANCEL"

func describeStatus(st *status.Status) string {
	message := st.Message()
	if st.Code() == codes.DeadlineExceeded && message == serverGaveUp {
		message = context.DeadlineExceeded.Error()
	}
	text := fmt.Sprintf("code %v and message %q", st.Code(), message)
	for _, detail := range st.Proto().GetDetails() {
		text += " and detail " + describeMessage(detail)
	}
	return text
}

// http2Only are the keys that a channel has not.
var http2Only = []string{"user-agent", "content-type", ":authority", "grpc-accept-encoding"}

// everNew are the keys that carry the ids of a trace, as otelgrpc's propagators
// and gRPC's own write them. No two traces have the same.
var everNew = []string{"traceparent", "grpc-trace-bin", "b3", "x-b3-traceid", "x-b3-spanid", "x-b3-parentspanid"}

func describeMetadata(md metadata.MD) string {
	if md == nil {
		return "none"
	}
	var pairs []string
	for _, key := range slices.Sorted(maps.Keys(md)) {
		switch {
		case key == attemptID || slices.Contains(http2Only, key):
		case slices.Contains(everNew, key):
			pairs = append(pairs, fmt.Sprintf("%s, %d new", key, len(md[key])))
		default:
			pairs = append(pairs, fmt.Sprintf("%s=%q", key, md[key]))
		}
	}
	return "{" + strings.Join(pairs, " ") + "}"
}

// describeTime says whether a time is one that a test may rely on.
func (r *recorder) describeTime(at time.Time) string {
	switch {
	case at.IsZero():
		return "not set"
	case at.Before(r.since):
		return "before the RPC"
	case at.After(time.Now()):
		return "in the future"
	}
	return "set"
}

func describeDeadline(ctx context.Context) string {
	_, ok := ctx.Deadline()
	return describeSet(ok)
}

func describeSet(set bool) string {
	if set {
		return "set"
	}
	return "not set"
}

func describeOptions(opts []grpc.CallOption) string {
	var types []string
	for _, opt := range opts {
		types = append(types, fmt.Sprintf("%T", opt))
	}
	return "[" + strings.Join(types, " ") + "]"
}
