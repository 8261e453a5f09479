package chaintest

import (
	"context"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
)

// An event is one thing that happened during an RPC, with the details that are compared.
type event struct {
	name      string
	fields    []field
	beforeEnd bool // whether it happened before the RPC ended on the client
}

// A field is one detail of an event. Texts are compared exactly, messages with
// the options of [WithCmpOptions].
type field struct {
	name, text string
	message    proto.Message   // nil if the field holds none
	details    []proto.Message // of statuses
	isSize     bool            // the encoded size of the event's message
}

func textField(name, text string) field { return field{name: name, text: text} }

// messageField copies the message, which its owner may change afterwards.
func messageField(name string, m any) field {
	msg, ok := m.(proto.Message)
	switch {
	case m == nil:
		return textField(name, "nil")
	case !ok:
		return textField(name, fmt.Sprintf("%T %+v", m, reflect.Indirect(reflect.ValueOf(m))))
	case !msg.ProtoReflect().IsValid():
		return textField(name, fmt.Sprintf("%T(nil)", m))
	}
	return field{name: name, text: fmt.Sprintf("%T", m), message: proto.Clone(msg)}
}

func errorField(name string, err error) field {
	f := textField(name, describeError(err))
	st, _ := status.FromError(err)
	for _, detail := range st.Proto().GetDetails() {
		f.details = append(f.details, detail)
	}
	return f
}

func (f field) messages() []proto.Message {
	if f.message != nil {
		return []proto.Message{f.message}
	}
	return f.details
}

func (f field) String() string {
	text := f.text
	if f.message != nil {
		text += formatMessage(f.message)
	}
	for _, detail := range f.details {
		text += fmt.Sprintf(" with %T%s", detail, formatMessage(detail))
	}
	return text
}

// maxMessageText is the encoded size up to which a message is printed in full.
const maxMessageText = 1 << 10

func formatMessage(m proto.Message) string {
	if size := proto.Size(m); size > maxMessageText {
		return fmt.Sprintf(" of %d bytes", size)
	}
	return "{" + prototext.MarshalOptions{EmitUnknown: true, AllowPartial: true}.Format(m) + "}"
}

func (e event) hasSuffix(name string) bool { return strings.HasSuffix(e.name, name) }

// with returns the event with the field of the same name replaced.
func (e event) with(replacement field) event {
	e.fields = slices.Clone(e.fields)
	for i := range e.fields {
		if e.fields[i].name == replacement.name {
			e.fields[i] = replacement
		}
	}
	return e
}

func (e event) String() string {
	var out strings.Builder
	out.WriteString(e.name)
	for _, f := range e.fields {
		fmt.Fprintf(&out, "; %s %s", f.name, f)
	}
	return out.String()
}

// statusErrorType is the type of errors that consist of a status.
var statusErrorType = reflect.TypeOf(status.Error(codes.Unknown, ""))

// describeError describes an error, including its type, except for the details of its
// status.
func describeError(err error) string {
	switch {
	case err == nil:
		return "nil"
	case err == io.EOF:
		return "io.EOF"
	}
	st, ok := status.FromError(err)
	if ok && reflect.TypeOf(err) == statusErrorType {
		return fmt.Sprintf("%T with %s", err, describeStatus(st))
	}
	if ok {
		return fmt.Sprintf("%T %q with %s", err, err, describeStatus(st))
	}
	return fmt.Sprintf("%T %q", err, err)
}

// serverDeadlineMessage is the status message that a client on a network gets if
// its server notices first that the deadline has passed.
const serverDeadlineMessage = "stream terminated by RST_STREAM with error code: CANCEL"

func describeStatus(st *status.Status) string {
	message := st.Message()
	if st.Code() == codes.DeadlineExceeded && message == serverDeadlineMessage {
		message = context.DeadlineExceeded.Error()
	}
	return fmt.Sprintf("code %v and message %q", st.Code(), message)
}

const (
	acceptEncodingKey = "grpc-accept-encoding" // only on a network connection
	authorityKey      = ":authority"           // the address of the connection
)

// traceKeys are the metadata keys whose values hold the ids of a trace, as the
// propagators of OpenTelemetry and gRPC write them. They differ in each run.
var traceKeys = []string{"traceparent", "grpc-trace-bin", "b3", "x-b3-traceid", "x-b3-spanid", "x-b3-parentspanid"}

// statusDetailsKey is the trailer in which grpc-go sends a status with details.
const statusDetailsKey = "grpc-status-details-bin"

// metadataField decodes a status with details, since its encoding may differ even
// if the details are equal under the options of [WithCmpOptions].
func metadataField(name string, md metadata.MD) field {
	if md == nil {
		return textField(name, "none")
	}
	f := field{name: name}
	var pairs []string
	for _, key := range slices.Sorted(maps.Keys(md)) {
		switch {
		case key == attemptIDKey || key == acceptEncodingKey:
		case key == authorityKey || slices.Contains(traceKeys, key):
			pairs = append(pairs, fmt.Sprintf("%s=[number of values: %d]", key, len(md[key])))
		case key == statusDetailsKey && decodeStatus(md[key]) != nil:
			f.details = append(f.details, decodeStatus(md[key]))
			pairs = append(pairs, key)
		default:
			pairs = append(pairs, fmt.Sprintf("%s=%q", key, md[key]))
		}
	}
	f.text = "{" + strings.Join(pairs, " ") + "}"
	return f
}

// decodeStatus returns nil if the values of the key are not one valid status.
func decodeStatus(values []string) *spb.Status {
	st := new(spb.Status)
	if len(values) != 1 || proto.Unmarshal([]byte(values[0]), st) != nil {
		return nil
	}
	return st
}

// describeTime describes a time that was recorded during an RPC. The description does
// not vary from run to run.
func (r *recorder) describeTime(at time.Time) string {
	switch {
	case at.IsZero():
		return "not set"
	case at.Before(r.start):
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
