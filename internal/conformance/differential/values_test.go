package differential_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain/internal/testpb"
)

// A messageType is the type of all messages of a program.
type messageType struct {
	name  string
	empty func() proto.Message
	small func(number int) proto.Message // with a number that tells messages apart
	large func() proto.Message
}

const negativeZero = 2 // in messageTypes

var messageTypes = []messageType{
	{
		name:  "StringValue",
		empty: func() proto.Message { return new(wrapperspb.StringValue) },
		small: func(number int) proto.Message { return wrapperspb.String(fmt.Sprint("m", number)) },
		large: func() proto.Message { return wrapperspb.String(strings.Repeat("x", 5000)) },
	},
	{
		name:  "DoubleValue",
		empty: func() proto.Message { return new(wrapperspb.DoubleValue) },
		small: func(number int) proto.Message { return wrapperspb.Double(float64(number)) },
		large: func() proto.Message { return wrapperspb.Double(math.Inf(1)) },
	},
	negativeZero: {
		name:  "DoubleValue of negative zero",
		empty: func() proto.Message { return new(wrapperspb.DoubleValue) },
		small: func(int) proto.Message { return wrapperspb.Double(math.Copysign(0, -1)) },
		large: func() proto.Message { return wrapperspb.Double(math.Copysign(0, -1)) },
	},
	{
		name:  "Required",
		empty: func() proto.Message { return new(testpb.Required) },
		small: func(number int) proto.Message {
			return &testpb.Required{Text: proto.String(fmt.Sprint("m", number))}
		},
		large: func() proto.Message {
			return &testpb.Required{Text: proto.String(strings.Repeat("x", 5000))}
		},
	},
}

func messageNames() []string {
	return namesOf(messageTypes, func(t messageType) string { return t.name })
}

// The messages that a step may send.
const (
	smallMessage = iota
	largeMessage
	emptyMessage
	unencodableMessage
	nilPointerMessage
	nilMessage
	hugeMessage
)

var messageArgs = []string{
	smallMessage:       "a small message",
	largeMessage:       "a large message",
	emptyMessage:       "an empty message",
	unencodableMessage: "a message without its required field",
	nilPointerMessage:  "a nil pointer to a message",
	nilMessage:         "nil",
	hugeMessage:        "a message of 100 KiB",
}

// message returns the message for an argument.
func (t messageType) message(arg, number int) any {
	switch arg {
	case largeMessage:
		return t.large()
	case emptyMessage:
		return t.empty()
	case unencodableMessage:
		return new(testpb.Required)
	case nilPointerMessage:
		return (*wrapperspb.StringValue)(nil)
	case nilMessage:
		return nil
	case hugeMessage:
		return wrapperspb.String(strings.Repeat("x", 100<<10))
	default:
		return t.small(number)
	}
}

type namedMetadata struct {
	name string
	md   metadata.MD
}

var metadatas = []namedMetadata{
	{"none", nil},
	{"one value", metadata.MD{"key": {"value"}}},
	{"several values", metadata.MD{"key": {"value", "another", ""}, "other": {"~ value ~"}, "binary-bin": {"\x00\xff", "text"}}},
	{"an invalid value", metadata.MD{"key": {"\x19"}}},
	{"an invalid key", metadata.MD{"k y": {"value"}}},
	{"a reserved key", metadata.MD{"grpc-status": {"7"}, "grpc-timeout": {"1S"}, "grpc-anything": {"value"}, "te": {"value"}}},
	{"a key of HTTP/2", metadata.MD{"content-type": {"text/plain"}, "user-agent": {"someone"}, "host": {"elsewhere"}}},
	{"two values of host", metadata.MD{"host": {"one", "two"}}},
	{"spaces", metadata.MD{"key": {" value "}}},
	{"a capital key", metadata.MD{"Key": {"value"}}},
	{"a value that is not ASCII", metadata.MD{"key": {"ü"}}},
}

func metadataNames() []string {
	return namesOf(metadatas, func(m namedMetadata) string { return m.name })
}

// md returns a copy of the metadata for an argument.
func md(arg int) metadata.MD {
	if arg == 0 {
		return nil
	}
	return metadatas[arg].md.Copy()
}

type namedError struct {
	name string
	make func(ctx context.Context) error
}

var handlerErrors = []namedError{
	{"nil", func(context.Context) error { return nil }},
	{"a status", func(context.Context) error { return status.Error(codes.DataLoss, "lost") }},
	{"Unavailable", func(context.Context) error { return status.Error(codes.Unavailable, "later") }},
	{"a status with a detail", func(context.Context) error {
		st, _ := status.New(codes.Aborted, "detailed").WithDetails(durationpb.New(1))
		return st.Err()
	}},
	{"errors.New", func(context.Context) error { return errors.New("plain") }},
	{"the error of its context", func(ctx context.Context) error { return ctx.Err() }},
	{"context.Canceled", func(context.Context) error { return context.Canceled }},
	{"context.DeadlineExceeded", func(context.Context) error { return context.DeadlineExceeded }},
	{"a wrapped status", func(context.Context) error { return fmt.Errorf("wrapped: %w", status.Error(codes.NotFound, "none")) }},
	{"a wrapped context error", func(context.Context) error { return fmt.Errorf("wrapped: %w", context.DeadlineExceeded) }},
	{"io.EOF", func(context.Context) error { return io.EOF }},
	{"io.ErrUnexpectedEOF", func(context.Context) error { return io.ErrUnexpectedEOF }},
	{"a status with an unknown code", func(context.Context) error { return status.Error(codes.Code(99), "odd") }},
	{"a text that needs escaping", func(context.Context) error { return status.Error(codes.Internal, "100 % \n ü \t\x00") }},
	{"an error with the status OK", func(context.Context) error { return statusError{codes.OK} }},
	{"an error with a nil status", func(context.Context) error { return nilStatusError{} }},
}

func errorNames() []string {
	return namesOf(handlerErrors, func(e namedError) string { return e.name })
}

// A statusError is an application's own error that has a status.
type statusError struct{ code codes.Code }

func (e statusError) Error() string              { return "an error of its own" }
func (e statusError) GRPCStatus() *status.Status { return status.New(e.code, "its status") }

// A nilStatusError is an application's own error whose status is nil.
type nilStatusError struct{}

func (nilStatusError) Error() string              { return "an error without a status" }
func (nilStatusError) GRPCStatus() *status.Status { return nil }
