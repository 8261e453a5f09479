package reliability_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain"
)

// Neither side of an RPC sees later writes of the other: the sender may change a message
// after sending it, and the receiver may change the message that it has received.

func TestReceiverDoesNotSeeLaterWritesOfSender(t *testing.T) {
	t.Parallel()
	forEachTransfer(t, func(t *testing.T, c messageCase, tr transfer) {
		in, out := c.in(), c.out()
		tr.run(t, c, in, out, func() { c.overwrite(in) })
		if c.same(in, c.in()) {
			t.Fatal("overwrite did not change the sent message")
		}
		if !c.same(out, c.in()) {
			t.Errorf("the receiver has %v, want %v as sent", out, c.in())
		}
	})
}

func TestSenderDoesNotSeeWritesOfReceiver(t *testing.T) {
	t.Parallel()
	forEachTransfer(t, func(t *testing.T, c messageCase, tr transfer) {
		in, out := c.in(), c.out()
		tr.run(t, c, in, out, func() {})
		if !c.same(out, c.in()) {
			t.Fatalf("the receiver has %v, want %v as sent", out, c.in())
		}
		c.overwrite(out)
		if c.same(out, c.in()) {
			t.Fatal("overwrite did not change the received message")
		}
		if !c.same(in, c.in()) {
			t.Errorf("the sender has %v, want %v as sent", in, c.in())
		}
	})
}

func forEachTransfer(t *testing.T, check func(t *testing.T, c messageCase, tr transfer)) {
	for _, c := range messageCases(t) {
		for _, tr := range transfers {
			t.Run(c.name+"/"+tr.name, func(t *testing.T) {
				t.Parallel()
				check(t, c, tr)
			})
		}
	}
}

// A transfer sends a message from one side of an RPC to the other. It calls sent when the
// sender may reuse the message.
type transfer struct {
	name string
	run  func(t *testing.T, c messageCase, in, out any, sent func())
}

var transfers = []transfer{
	{"unary request", func(t *testing.T, c messageCase, in, out any, sent func()) {
		transferRequest(t, scripted{request: func() any { return out }, unary: respondEmpty}.onChannel(c.opts...), in)
		sent()
	}},
	{"unary request on InProcess", func(t *testing.T, c messageCase, in, out any, sent func()) {
		transferRequest(t, scripted{request: func() any { return out }, unary: respondEmpty}.onChannel(c.opts...).InProcess(), in)
		sent()
	}},
	{"unary response", func(t *testing.T, c messageCase, in, out any, sent func()) {
		transferResponse(t, scripted{request: newEmpty, unary: respondWith(in)}.onChannel(c.opts...), out)
		sent()
	}},
	{"unary response on InProcess", func(t *testing.T, c messageCase, in, out any, sent func()) {
		transferResponse(t, scripted{request: newEmpty, unary: respondWith(in)}.onChannel(c.opts...).InProcess(), out)
		sent()
	}},
	{"message to the handler", func(t *testing.T, c messageCase, in, out any, sent func()) {
		isSent := make(chan struct{})
		ch := scripted{stream: receiveOnce(out, isSent)}.onChannel(c.opts...)
		transferToHandler(t, ch, in, func() {
			close(isSent) // before sent, so that the race detector sees concurrent accesses
			sent()
		})
	}},
	{"message to the handler on InProcess", func(t *testing.T, c messageCase, in, out any, sent func()) {
		isSent := make(chan struct{})
		ch := scripted{stream: receiveOnce(out, isSent)}.onChannel(c.opts...).InProcess()
		transferToHandler(t, ch, in, func() {
			close(isSent)
			sent()
		})
	}},
	{"message to the caller", func(t *testing.T, c messageCase, in, out any, sent func()) {
		isSent := make(chan struct{})
		ch := scripted{stream: sendOnce(in, isSent, sent)}.onChannel(c.opts...)
		transferToCaller(t, ch, out, isSent)
	}},
	{"message to the caller on InProcess", func(t *testing.T, c messageCase, in, out any, sent func()) {
		isSent := make(chan struct{})
		ch := scripted{stream: sendOnce(in, isSent, sent)}.onChannel(c.opts...).InProcess()
		transferToCaller(t, ch, out, isSent)
	}},
}

func transferRequest(t *testing.T, cc grpc.ClientConnInterface, in any) {
	if err := cc.Invoke(t.Context(), scriptedUnary, in, new(emptypb.Empty)); err != nil {
		t.Fatal(err)
	}
}

func transferResponse(t *testing.T, cc grpc.ClientConnInterface, out any) {
	if err := cc.Invoke(t.Context(), scriptedUnary, new(emptypb.Empty), out); err != nil {
		t.Fatal(err)
	}
}

func transferToHandler(t *testing.T, cc grpc.ClientConnInterface, in any, sent func()) {
	stream := openBidi(t.Context(), t, cc)
	if err := stream.SendMsg(in); err != nil {
		t.Fatal(err)
	}
	sent()
	awaitEnd(t, stream)
}

func transferToCaller(t *testing.T, cc grpc.ClientConnInterface, out any, isSent <-chan struct{}) {
	stream := openBidi(t.Context(), t, cc)
	<-isSent
	if err := stream.RecvMsg(out); err != nil {
		t.Fatal(err)
	}
	awaitEnd(t, stream)
}

func awaitEnd(t *testing.T, stream grpc.ClientStream) {
	if err := stream.CloseSend(); err != nil {
		t.Fatal(err)
	}
	if err := stream.RecvMsg(new(emptypb.Empty)); err != io.EOF {
		t.Fatalf("the stream ended with %v, want io.EOF", err)
	}
}

func newEmpty() any { return new(emptypb.Empty) }

func respondWith(response any) func(context.Context, any) (any, error) {
	return func(context.Context, any) (any, error) { return response, nil }
}

func respondEmpty(context.Context, any) (any, error) { return new(emptypb.Empty), nil }

func receiveOnce(into any, isSent <-chan struct{}) func(grpc.ServerStream) error {
	return func(ss grpc.ServerStream) error {
		<-isSent
		return ss.RecvMsg(into)
	}
}

func sendOnce(m any, isSent chan<- struct{}, sent func()) func(grpc.ServerStream) error {
	return func(ss grpc.ServerStream) error {
		if err := ss.SendMsg(m); err != nil {
			return err
		}
		close(isSent) // before sent, so that the race detector sees concurrent accesses
		sent()
		return nil
	}
}

// A byValue is a message that is not a pointer. Only a cloner can copy it.
type byValue struct{ *wrapperspb.BytesValue }

type valueCloner struct{ inprocgrpc.ProtoCloner }

func (valueCloner) Clone(in any) (any, error) {
	if value, ok := in.(byValue); ok {
		return byValue{proto.CloneOf(value.BytesValue)}, nil
	}
	return proto.Clone(in.(proto.Message)), nil
}

func (valueCloner) Copy(out, in any) error {
	proto.Merge(out.(proto.Message), in.(proto.Message).ProtoReflect().Interface())
	return nil
}

func TestMessagesByValueAreCopiedByTheCloner(t *testing.T) {
	t.Parallel()
	ch := scripted{}.onChannel(inprocchain.WithCloner(valueCloner{}))
	reply := new(wrapperspb.BytesValue)
	if err := ch.Invoke(t.Context(), scriptedUnary, byValue{wrapperspb.Bytes([]byte("a"))}, reply); err != nil || string(reply.Value) != "a" {
		t.Errorf("the response is %q, %v; want %q", reply.Value, err, "a")
	}
}

// A nilCloner copies every message into a nil pointer, and does not receive it.
type nilCloner struct{}

func (nilCloner) Clone(any) (any, error) { return (*wrapperspb.BytesValue)(nil), nil }

func (nilCloner) Copy(any, any) error { return errors.New("there is no message") }

func TestNilMessageOfClonerReachesItsCopy(t *testing.T) {
	t.Parallel()
	ch := scripted{}.onChannel(inprocchain.WithCloner(nilCloner{}))
	err := ch.Invoke(t.Context(), scriptedUnary, wrapperspb.Bytes(nil), new(wrapperspb.BytesValue))
	if want := "there is no message"; status.Code(err) != codes.Internal || !strings.Contains(err.Error(), want) {
		t.Errorf("the call got %v, want Internal and %q", err, want)
	}
}
