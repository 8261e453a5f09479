package message

import (
	"errors"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/dynamicpb"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain/internal/testpb"
)

// A testCloner returns what it was told to, and counts the calls of Copy.
type testCloner struct {
	clone  any
	err    error
	copies int
}

func (c *testCloner) Clone(any) (any, error) { return c.clone, c.err }

func (c *testCloner) Copy(any, any) error {
	c.copies++
	return c.err
}

// HandOver sets the struct of the receiver itself only for a copy whose type is generated. All
// other copies of a cloner are for the cloner to hand over.
func TestClonerHandsOverWhatCannotBeMoved(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name           string
		in, clone, out any
		want           int // calls of Copy
	}{
		{"generated", new(testpb.Open), new(testpb.Open), new(testpb.Open), 0},
		{"nil copy", new(testpb.Open), (*testpb.Open)(nil), new(testpb.Open), 1},
		{"copy of another type", new(testpb.Open), new(emptypb.Empty), new(testpb.Open), 1},
		{"not generated", new(plain), new(plain), new(plain), 1},
	} {
		cloner := &testCloner{clone: test.clone}
		transfers["copied"](t, &Transfer{Cloner: cloner}, test.in, test.out)
		if cloner.copies != test.want {
			t.Errorf("%s: the cloner has handed over %d messages, want %d", test.name, cloner.copies, test.want)
		}
	}
}

// A cloner need not know nil messages, which are sent as empty ones.
func TestClonerIsNotAskedToCopyNil(t *testing.T) {
	t.Parallel()
	out := &testpb.Open{Text: proto.String("old")}
	transfers["copied"](t, &Transfer{Cloner: &testCloner{err: errors.New("asked")}}, (*testpb.Open)(nil), out)
	if out.Text != nil {
		t.Error("the receiver has a field that it had before")
	}
}

// A cloner may choose the status of its errors.
func TestStatusOfACloner(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		err  error
		want codes.Code
	}{
		{status.Error(codes.DataLoss, "lost"), codes.DataLoss},
		{errors.New("lost"), codes.Internal},
	} {
		transfer := &Transfer{Cloner: &testCloner{clone: new(plain), err: test.err}}
		var c Copy
		if got := status.Code(transfer.Copy(&c, new(plain), false)); got != test.want {
			t.Errorf("Copy: the code of %v is %v, want %v", test.err, got, test.want)
		}
		if got := status.Code(transfer.HandOver(new(plain), &Copy{msg: new(plain)})); got != test.want {
			t.Errorf("HandOver: the code of %v is %v, want %v", test.err, got, test.want)
		}
	}
}

// A response is lent only if HandOver can copy it to the caller's reply as a codec would.
func TestOnlyGeneratedResponsesAreLent(t *testing.T) {
	t.Parallel()
	reply := &testpb.Open{Text: proto.String("text")}
	open, required := new(testpb.Open).ProtoReflect().Descriptor(), new(testpb.Required).ProtoReflect().Descriptor()
	for _, test := range []struct {
		name     string
		transfer *Transfer
		in, to   any
		want     bool
	}{
		{"generated", &Transfer{}, wrapperspb.String("text"), new(wrapperspb.StringValue), true},
		{"with a cloner", &Transfer{Cloner: &testCloner{}}, wrapperspb.String("text"), new(wrapperspb.StringValue), false},
		{"with a codec", &Transfer{Encode: protoCodec()}, wrapperspb.String("text"), new(wrapperspb.StringValue), false},
		{"to another type", &Transfer{}, wrapperspb.String("text"), new(wrapperspb.BytesValue), false},
		{"nil", &Transfer{}, (*wrapperspb.StringValue)(nil), new(wrapperspb.StringValue), false},
		{"to nil", &Transfer{}, wrapperspb.String("text"), (*wrapperspb.StringValue)(nil), false},
		{"the reply itself", &Transfer{Share: true}, reply, reply, false},
		{"dynamic", &Transfer{}, dynamicpb.NewMessage(open), dynamicpb.NewMessage(required), false},
	} {
		var c Copy
		if err := test.transfer.Lend(&c, test.in, test.to, false); err != nil {
			t.Fatal(err)
		}
		if c.IsLent() != test.want {
			t.Errorf("%s: IsLent is %t, want %t", test.name, c.IsLent(), test.want)
		}
	}
}

// Both ways of a message end before it is sent if a required field is missing.
func TestMessageNeedsItsRequiredFields(t *testing.T) {
	t.Parallel()
	var c Copy
	if err := new(Transfer).Copy(&c, new(testpb.Required), false); status.Code(err) != codes.Internal {
		t.Errorf("Copy returned %v, want an error with the code Internal", err)
	}
	if err := new(Transfer).Lend(&c, new(testpb.Required), new(testpb.Required), false); status.Code(err) != codes.Internal {
		t.Errorf("Lend returned %v, want an error with the code Internal", err)
	}
}

// A receiver without a message to receive into gets an error.
func TestMessageIsNotMovedToNil(t *testing.T) {
	t.Parallel()
	var c Copy
	if err := new(Transfer).Copy(&c, wrapperspb.String("text"), false); err != nil {
		t.Fatal(err)
	}
	if err := new(Transfer).HandOver((*wrapperspb.StringValue)(nil), &c); status.Code(err) != codes.Internal {
		t.Errorf("HandOver returned %v, want an error with the code Internal", err)
	}
}

// The receiver owns a message that was handed over, so nobody else may retain it.
func TestMovedMessageIsNotRetained(t *testing.T) {
	t.Parallel()
	var c Copy
	if err := new(Transfer).Copy(&c, wrapperspb.String("text"), false); err != nil {
		t.Fatal(err)
	}
	handOver(t, new(Transfer), &c, new(wrapperspb.StringValue))
	if c.msg != nil {
		t.Errorf("the copy still refers to %v", c.msg)
	}
}

// A nil pointer is sent as an empty message, even if its type is known.
func TestNilMessageIsEmpty(t *testing.T) {
	t.Parallel()
	for _, transfer := range []*Transfer{{}, {Share: true}} {
		for how, send := range transfers {
			send(t, transfer, wrapperspb.String("text"), new(wrapperspb.StringValue))
			out := wrapperspb.String("old")
			send(t, transfer, (*wrapperspb.StringValue)(nil), out)
			if out.Value != "" {
				t.Errorf("%s: the receiver has %q, want an empty message", how, out.Value)
			}
		}
	}
}

// An embedding is a protobuf message by the methods of its field.
type embedding struct{ *wrapperspb.StringValue }

func TestMessageThatEmbedsAnotherIsSent(t *testing.T) {
	t.Parallel()
	for how, send := range transfers {
		out := &embedding{new(wrapperspb.StringValue)}
		send(t, &Transfer{Share: true}, &embedding{wrapperspb.String("text")}, out)
		if out.Value != "text" {
			t.Errorf("%s: the receiver has %q, want %q", how, out.Value, "text")
		}
	}
}
