package reliability_test

import (
	"context"
	"io"
	"testing"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain"
)

// Neither side of an RPC sees what the other writes later: what the sender
// writes once the message is its own again, and what the receiver writes into
// what it got.

func TestSendersLaterWritesAreNotSeen(t *testing.T) {
	t.Parallel()
	eachPassage(t, func(t *testing.T, c cargo, p passage) {
		in, out := c.in(), c.out()
		p.carry(t, c, in, out, func() { c.scribble(in) })
		if c.same(in, c.in()) {
			t.Fatal("the sender wrote nothing, so nothing could be seen")
		}
		if !c.same(out, c.in()) {
			t.Errorf("the receiver has %v, want %v as it was sent", out, c.in())
		}
	})
}

func TestReceiversWritesAreNotSeen(t *testing.T) {
	t.Parallel()
	eachPassage(t, func(t *testing.T, c cargo, p passage) {
		in, out := c.in(), c.out()
		p.carry(t, c, in, out, func() {})
		if !c.same(out, c.in()) {
			t.Fatalf("the receiver has %v, want %v as it was sent", out, c.in())
		}
		c.scribble(out)
		if c.same(out, c.in()) {
			t.Fatal("the receiver wrote nothing, so nothing could be seen")
		}
		if !c.same(in, c.in()) {
			t.Errorf("the sender has %v, want %v as it was sent", in, c.in())
		}
	})
}

func eachPassage(t *testing.T, check func(t *testing.T, c cargo, p passage)) {
	for _, c := range cargoes(t) {
		for _, p := range passages {
			t.Run(c.name+"/"+p.name, func(t *testing.T) {
				t.Parallel()
				check(t, c, p)
			})
		}
	}
}

// A passage is a way from a sender to a receiver. It calls sent as soon as the
// message is the sender's again.
type passage struct {
	name  string
	carry func(t *testing.T, c cargo, in, out any, sent func())
}

var passages = []passage{
	{"unary request", func(t *testing.T, c cargo, in, out any, sent func()) {
		carryRequest(t, scripted{request: func() any { return out }, unary: answerEmpty}.onChannel(c.opts...), in)
		sent()
	}},
	{"unary request past the channel", func(t *testing.T, c cargo, in, out any, sent func()) {
		carryRequest(t, scripted{request: func() any { return out }, unary: answerEmpty}.onChannel(c.opts...).InProcess(), in)
		sent()
	}},
	{"unary response", func(t *testing.T, c cargo, in, out any, sent func()) {
		carryResponse(t, scripted{request: newEmpty, unary: answer(in)}.onChannel(c.opts...), out)
		sent()
	}},
	{"unary response past the channel", func(t *testing.T, c cargo, in, out any, sent func()) {
		carryResponse(t, scripted{request: newEmpty, unary: answer(in)}.onChannel(c.opts...).InProcess(), out)
		sent()
	}},
	{"message to the handler", func(t *testing.T, c cargo, in, out any, sent func()) {
		isSent := make(chan struct{})
		ch := scripted{stream: receiveOnce(out, isSent)}.onChannel(c.opts...)
		carryToHandler(t, ch, in, func() {
			close(isSent) // first, so that the race detector sees what both sides do now
			sent()
		})
	}},
	{"message to the handler past the channel", func(t *testing.T, c cargo, in, out any, sent func()) {
		isSent := make(chan struct{})
		ch := scripted{stream: receiveOnce(out, isSent)}.onChannel(c.opts...).InProcess()
		carryToHandler(t, ch, in, func() {
			close(isSent)
			sent()
		})
	}},
	{"message to the caller", func(t *testing.T, c cargo, in, out any, sent func()) {
		isSent := make(chan struct{})
		ch := scripted{stream: sendOnce(in, isSent, sent)}.onChannel(c.opts...)
		carryToCaller(t, ch, out, isSent)
	}},
	{"message to the caller past the channel", func(t *testing.T, c cargo, in, out any, sent func()) {
		isSent := make(chan struct{})
		ch := scripted{stream: sendOnce(in, isSent, sent)}.onChannel(c.opts...).InProcess()
		carryToCaller(t, ch, out, isSent)
	}},
}

func carryRequest(t *testing.T, cc grpc.ClientConnInterface, in any) {
	if err := cc.Invoke(t.Context(), scriptedUnary, in, new(emptypb.Empty)); err != nil {
		t.Fatal(err)
	}
}

func carryResponse(t *testing.T, cc grpc.ClientConnInterface, out any) {
	if err := cc.Invoke(t.Context(), scriptedUnary, new(emptypb.Empty), out); err != nil {
		t.Fatal(err)
	}
}

func carryToHandler(t *testing.T, cc grpc.ClientConnInterface, in any, sent func()) {
	stream := openBidi(t.Context(), t, cc)
	if err := stream.SendMsg(in); err != nil {
		t.Fatal(err)
	}
	sent()
	awaitEnd(t, stream)
}

func carryToCaller(t *testing.T, cc grpc.ClientConnInterface, out any, isSent <-chan struct{}) {
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

func answer(with any) func(context.Context, any) (any, error) {
	return func(context.Context, any) (any, error) { return with, nil }
}

func answerEmpty(context.Context, any) (any, error) { return new(emptypb.Empty), nil }

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
		close(isSent) // first, so that the race detector sees what both sides do now
		sent()
		return nil
	}
}

// A message by value, which hardly anybody sends, is left to the cloner.
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
		t.Errorf("the answer is %q, %v; want %q", reply.Value, err, "a")
	}
}
