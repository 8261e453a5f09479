package shared_test

import (
	"context"
	"io"
	"sync/atomic"
	"testing"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/testpb"
	"github.com/inprocchain/inprocchain/internal/testservice"
)

// The option belongs to a client: RPCs of other clients, and on InProcess, copy their messages.
func TestOneClientSharesMessages(t *testing.T) {
	t.Parallel()
	service := recordingTree{received: make(chan *testpb.Open, 1), sent: newTree()}
	sharing := service.tree().sharing()
	copying := service.tree().onChannel()
	observed := service.tree().sharing(
		inprocchain.WithServerStatsHandlers(testservice.NoStats{}), inprocchain.WithClientStatsHandlers(testservice.NoStats{}),
		inprocchain.WithUnaryServerInterceptors(passServer), inprocchain.WithUnaryClientInterceptors(passClient),
	)
	for name, test := range map[string]struct {
		cc   grpc.ClientConnInterface
		want bool
	}{
		"with the option":                           {sharing, true},
		"its ClientConn":                            {sharing.ClientConn(), true},
		"with the option in a chain":                {service.tree().onChannel(inprocchain.NewChain(inprocchain.WithSharedMessages())), true},
		"with stats handlers and interceptors":      {observed, true},
		"with a cloner":                             {service.tree().sharing(inprocchain.WithCloner(inprocgrpc.ProtoCloner{})), true},
		"another client with the option":            {copying.NewClient(inprocchain.WithSharedMessages()), true},
		"without the option":                        {copying, false},
		"another client with the option in a chain": {copying.NewClient(inprocchain.NewChain(inprocchain.WithSharedMessages())), false},
		"another client without the option":         {sharing.NewClient(), false},
		"on InProcess of a client with the option":  {sharing.InProcess(), false},
	} {
		for kind, call := range map[string]func(*testing.T, grpc.ClientConnInterface, *testpb.Open) *testpb.Open{"unary": unaryTree, "stream": streamTree} {
			sent := newTree()
			replied := call(t, test.cc, sent)
			received := <-service.received
			if got := received.Child == sent.Child; got != test.want {
				t.Errorf("%s, %s: request shared: %v, want %v", name, kind, got, test.want)
			}
			if got := replied.Child == service.sent.Child; got != test.want {
				t.Errorf("%s, %s: response shared: %v, want %v", name, kind, got, test.want)
			}
			if received == sent || replied == service.sent {
				t.Errorf("%s, %s: a struct is shared", name, kind)
			}
			if !proto.Equal(received, sent) || !proto.Equal(replied, service.sent) {
				t.Errorf("%s, %s: received %v and %v, want %v and %v", name, kind, received, replied, sent, service.sent)
			}
		}
	}
}

// A recordingTree has handlers that record what they receive, and always send the same.
type recordingTree struct {
	received chan *testpb.Open
	sent     *testpb.Open
}

func (r recordingTree) tree() tree {
	return tree{
		unary: func(_ context.Context, req *testpb.Open) (*testpb.Open, error) {
			r.received <- req
			return r.sent, nil
		},
		stream: func(ss grpc.ServerStream) error {
			req := new(testpb.Open)
			if err := ss.RecvMsg(req); err != nil {
				return err
			}
			r.received <- req
			return ss.SendMsg(r.sent)
		},
	}
}

func unaryTree(t *testing.T, cc grpc.ClientConnInterface, req *testpb.Open) *testpb.Open {
	reply, err := callTree(t.Context(), cc, req)
	if err != nil {
		t.Fatal(err)
	}
	return reply
}

func streamTree(t *testing.T, cc grpc.ClientConnInterface, req *testpb.Open) *testpb.Open {
	stream, reply := openTree(t, cc), new(testpb.Open)
	if err := stream.SendMsg(req); err != nil {
		t.Fatal(err)
	}
	if err := stream.RecvMsg(reply); err != nil {
		t.Fatal(err)
	}
	if err := stream.RecvMsg(new(testpb.Open)); err != io.EOF {
		t.Fatalf("the end of the stream is %v, want io.EOF", err)
	}
	return reply
}

func passServer(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	return handler(ctx, req)
}

func passClient(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	return invoker(ctx, method, req, reply, cc, opts...)
}

// Each side may set the fields of its own struct, append to its lists, and send it again.
func TestEachSideOwnsItsStruct(t *testing.T) {
	t.Parallel()
	cached := newTree()
	channel := tree{unary: func(_ context.Context, req *testpb.Open) (*testpb.Open, error) {
		req.Number = proto.Int64(10)
		req.Numbers = append(req.Numbers, 10)
		req.Child = nil
		req.Blobs = nil
		return cached, nil
	}}.sharing()
	sent := newTree()
	for range 3 {
		replied, err := callTree(t.Context(), channel, sent)
		if err != nil {
			t.Fatal(err)
		}
		if !proto.Equal(replied, newTree()) {
			t.Errorf("received %v, want %v", replied, newTree())
		}
		replied.Text = proto.String("set by the caller")
		replied.Numbers = append(replied.Numbers, 11)
		replied.Children = append(replied.Children, nil)[1:]
	}
	if !proto.Equal(sent, newTree()) || !proto.Equal(cached, newTree()) {
		t.Errorf("the senders have %v and %v, want both as they were", sent, cached)
	}
}

// What cannot be shared is sent as without the option.
func TestOtherMessagesAreCopied(t *testing.T) {
	t.Parallel()
	service := recordingTree{received: make(chan *testpb.Open, 1), sent: newTree()}
	channel := service.tree().sharing()
	dynamic := dynamicTree()
	proto.Merge(dynamic, newTree())
	for name, test := range map[string]struct{ req, reply proto.Message }{
		"a dynamic request":  {dynamic, new(testpb.Open)},
		"a dynamic response": {newTree(), dynamicTree()},
	} {
		if err := channel.Invoke(t.Context(), treeUnary, test.req, test.reply); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		wantTree(t, name, <-service.received)
		wantTree(t, name, test.reply)
	}
}

func dynamicTree() *dynamicpb.Message {
	return dynamicpb.NewMessage(newTree().ProtoReflect().Descriptor())
}

// wantTree checks that a message of any type is equal to newTree().
func wantTree(t *testing.T, name string, got proto.Message) {
	t.Helper()
	data, err := proto.Marshal(got)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	received := new(testpb.Open)
	if err := proto.Unmarshal(data, received); err != nil || !proto.Equal(received, newTree()) {
		t.Errorf("%s: received %v, %v, want %v", name, received, err, newTree())
	}
}

func TestMessagesWithACodecAreCopied(t *testing.T) {
	t.Parallel()
	service := recordingTree{received: make(chan *testpb.Open, 1), sent: newTree()}
	sent := newTree()
	replied, err := callTree(t.Context(), service.tree().sharing(), sent, grpc.ForceCodecV2(encoding.GetCodecV2("proto")))
	if err != nil {
		t.Fatal(err)
	}
	if received := <-service.received; received.Child == sent.Child || replied.Child == service.sent.Child {
		t.Error("a message is shared that a codec should have encoded")
	}
}

// The cloner copies only what is not shared.
func TestClonerCopiesOtherMessages(t *testing.T) {
	t.Parallel()
	cloner := &countingCloner{Cloner: inprocgrpc.CodecClonerV2(encoding.GetCodecV2("proto"))}
	channel := tree{}.sharing(inprocchain.WithCloner(cloner))
	if _, err := callTree(t.Context(), channel, newTree()); err != nil {
		t.Fatal(err)
	}
	if n := cloner.calls.Load(); n > 0 {
		t.Errorf("the cloner was called %d times for messages that are shared", n)
	}
	if err := channel.Invoke(t.Context(), treeUnary, newTree(), dynamicTree()); err != nil {
		t.Fatal(err)
	}
	if cloner.calls.Load() == 0 {
		t.Error("the cloner was not called for a response that is received as another type")
	}
}

// A countingCloner counts how often it is called.
type countingCloner struct {
	inprocgrpc.Cloner
	calls atomic.Int32
}

func (c *countingCloner) Clone(in any) (any, error) {
	c.calls.Add(1)
	return c.Cloner.Clone(in)
}

func (c *countingCloner) Copy(out, in any) error {
	c.calls.Add(1)
	return c.Cloner.Copy(out, in)
}
