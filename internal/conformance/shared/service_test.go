package shared_test

import (
	"context"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/testpb"
	"github.com/inprocchain/inprocchain/internal/testservice"
)

// A tree is a service with the handlers that a test provides. Its messages are of the type
// testpb.Open. A nil handler echoes.
type tree struct {
	unary  func(context.Context, *testpb.Open) (*testpb.Open, error)
	stream func(grpc.ServerStream) error
}

const (
	treeUnary  = testservice.Unary
	treeStream = testservice.Bidi
)

func (s tree) register(r grpc.ServiceRegistrar) {
	serve := testservice.Service{Message: func() any { return new(testpb.Open) }, Stream: s.stream}
	if s.unary != nil {
		serve.Unary = func(ctx context.Context, req any) (any, error) { return s.unary(ctx, req.(*testpb.Open)) }
	}
	serve.Register(r)
}

func (s tree) onChannel(opts ...inprocchain.Option) *inprocchain.Channel {
	channel := inprocchain.New(opts...)
	s.register(channel)
	return channel
}

func (s tree) sharing(opts ...inprocchain.Option) *inprocchain.Channel {
	return s.onChannel(append(opts, inprocchain.WithSharedMessages())...)
}

func callTree(ctx context.Context, cc grpc.ClientConnInterface, req *testpb.Open, opts ...grpc.CallOption) (*testpb.Open, error) {
	reply := new(testpb.Open)
	err := cc.Invoke(ctx, treeUnary, req, reply, opts...)
	return reply, err
}

func openTree(t testing.TB, cc grpc.ClientConnInterface) grpc.ClientStream {
	stream, err := cc.NewStream(t.Context(), testservice.BidiDesc, treeStream)
	if err != nil {
		t.Fatal(err)
	}
	return stream
}

// newTree returns a message that points to values of every kind.
func newTree() *testpb.Open {
	return &testpb.Open{
		Number:   proto.Int64(1),
		Numbers:  []int64{3, 1, 2},
		Children: []*testpb.Open{{Text: proto.String("first")}, {Text: proto.String("second")}},
		Blobs:    map[string][]byte{"key": []byte("value")},
		Child:    &testpb.Open{Data: []byte("secret")},
	}
}
