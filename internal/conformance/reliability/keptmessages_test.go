package reliability_test

import (
	"context"
	"fmt"
	"io"
	"sync"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain"
)

// The library reuses the structs in which messages travel. Nobody may notice that.

func TestLaterMessagesDoNotChangeKeptOnes(t *testing.T) {
	t.Parallel()
	const callers, messages = 8, 50
	var requests, replies keptStructs
	ch := scripted{
		request: func() any { return new(structpb.Struct) },
		unary: func(_ context.Context, req any) (any, error) {
			requests.keep(req)
			return req, nil
		},
		stream: func(stream grpc.ServerStream) error {
			for {
				req := new(structpb.Struct)
				if err := stream.RecvMsg(req); err != nil {
					return endOfStream(err)
				}
				requests.keep(req)
				if err := stream.SendMsg(req); err != nil {
					return err
				}
			}
		},
	}.onChannel()

	var all sync.WaitGroup
	for caller := range callers {
		all.Go(func() {
			stream := openBidi(t.Context(), t, ch)
			for i := range messages {
				req, reply := numberedStruct(caller*messages+i), new(structpb.Struct)
				if err := ch.Invoke(t.Context(), scriptedUnary, req, reply); err != nil {
					t.Error(err)
				}
				replies.keep(reply)
				reply = new(structpb.Struct)
				if err := stream.SendMsg(req); err != nil {
					t.Error(err)
				}
				if err := stream.RecvMsg(reply); err != nil {
					t.Error(err)
				}
				replies.keep(reply)
			}
			if err := stream.CloseSend(); err != nil {
				t.Error(err)
			}
			awaitEnd(t, stream)
		})
	}
	all.Wait()
	requests.check(t, "request", 2*callers*messages)
	replies.check(t, "reply", 2*callers*messages)
}

func endOfStream(err error) error {
	if err == io.EOF {
		return nil
	}
	return err
}

// numberedStruct returns a message that contains its number several times.
func numberedStruct(number int) *structpb.Struct {
	return &structpb.Struct{Fields: map[string]*structpb.Value{
		"number": structpb.NewNumberValue(float64(number)),
		"nested": structpb.NewListValue(&structpb.ListValue{Values: []*structpb.Value{
			structpb.NewStringValue(fmt.Sprint("number ", number)),
		}}),
	}}
}

// keptStructs is the messages that one side has received and kept.
type keptStructs struct {
	mu   sync.Mutex
	kept []*structpb.Struct
}

func (k *keptStructs) keep(message any) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.kept = append(k.kept, message.(*structpb.Struct))
}

// check compares each message with the one that has its number.
func (k *keptStructs) check(t *testing.T, kind string, want int) {
	if len(k.kept) != want {
		t.Errorf("there are %d messages of kind %s, want %d", len(k.kept), kind, want)
	}
	seen := map[int]int{}
	for _, got := range k.kept {
		number := int(got.GetFields()["number"].GetNumberValue())
		seen[number]++
		if want := numberedStruct(number); !proto.Equal(got, want) {
			t.Errorf("a kept %s is %v, want %v", kind, got, want)
		}
	}
	for number, times := range seen {
		if times != 2 {
			t.Errorf("%s %d arrived %d times, want 2", kind, number, times)
		}
	}
}

func TestRequestsOfDifferentTypesReachOneMethod(t *testing.T) {
	t.Parallel()
	ch := scripted{
		request: func() any { return new(wrapperspb.BytesValue) },
		unary:   func(_ context.Context, req any) (any, error) { return req, nil },
	}.onChannel()
	for i := range 20 {
		text := fmt.Sprint("request ", i)
		requests := []proto.Message{wrapperspb.Bytes([]byte(text)), wrapperspb.String(text)} // The encoding is the same.
		reply := new(wrapperspb.BytesValue)
		if err := ch.Invoke(t.Context(), scriptedUnary, requests[i%2], reply); err != nil {
			t.Fatal(err)
		}
		if string(reply.GetValue()) != text {
			t.Errorf("the reply is %q, want %q", reply.GetValue(), text)
		}
	}
}

// A sharingCloner does not copy, which is correct for messages that nobody changes.
type sharingCloner struct{}

func (sharingCloner) Clone(in any) (any, error) { return in, nil }

func (sharingCloner) Copy(out, in any) error {
	proto.Merge(out.(proto.Message), in.(proto.Message))
	return nil
}

func TestMessageThatItsClonerSharesStaysAsItIs(t *testing.T) {
	t.Parallel()
	response := numberedStruct(1)
	ch := scripted{
		request: func() any { return new(structpb.Struct) },
		unary:   respondWith(response),
	}.onChannel(inprocchain.WithCloner(sharingCloner{}))
	request := numberedStruct(2)
	for range 3 {
		reply := new(structpb.Struct)
		if err := ch.Invoke(t.Context(), scriptedUnary, request, reply); err != nil {
			t.Fatal(err)
		}
		if !proto.Equal(reply, numberedStruct(1)) {
			t.Errorf("the reply is %v, want the response", reply)
		}
	}
	if !proto.Equal(request, numberedStruct(2)) {
		t.Errorf("the request has become %v", request)
	}
	if !proto.Equal(response, numberedStruct(1)) {
		t.Errorf("the response has become %v", response)
	}
}
