package shared_test

import (
	"context"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/testpb"
)

// A tree is a service with the handlers that a test provides. Its messages are of the type
// testpb.Open. The default unary handler returns its request.
type tree struct {
	unary  func(context.Context, *testpb.Open) (*testpb.Open, error)
	stream func(grpc.ServerStream) error
}

const (
	treeUnary  = "/test.Tree/Unary"
	treeStream = "/test.Tree/Stream"
)

var treeDesc = grpc.ServiceDesc{
	ServiceName: "test.Tree",
	HandlerType: (*any)(nil),
	Methods:     []grpc.MethodDesc{{MethodName: "Unary", Handler: serveTree}},
	Streams: []grpc.StreamDesc{{StreamName: "Stream", ClientStreams: true, ServerStreams: true, Handler: func(srv any, ss grpc.ServerStream) error {
		return srv.(tree).stream(ss)
	}}},
}

func serveTree(srv any, ctx context.Context, decode func(any) error, interceptor grpc.UnaryServerInterceptor) (any, error) {
	req := new(testpb.Open)
	if err := decode(req); err != nil {
		return nil, err
	}
	handler := func(ctx context.Context, req any) (any, error) {
		if serve := srv.(tree).unary; serve != nil {
			return serve(ctx, req.(*testpb.Open))
		}
		return req, nil
	}
	if interceptor == nil {
		return handler(ctx, req)
	}
	return interceptor(ctx, req, &grpc.UnaryServerInfo{Server: srv, FullMethod: treeUnary}, handler)
}

func (s tree) onChannel(opts ...inprocchain.Option) *inprocchain.Channel {
	channel := inprocchain.New(opts...)
	channel.RegisterService(&treeDesc, s)
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
	stream, err := cc.NewStream(t.Context(), &treeDesc.Streams[0], treeStream)
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
