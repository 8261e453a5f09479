package applications

import (
	"context"
	"errors"

	"google.golang.org/grpc"
)

// adapter is a connection that calls the methods of a service directly, as etcd and Temporal
// have one.
type adapter struct {
	methods map[string]func(ctx context.Context, req, reply any) error
}

var errNoStreams = errors.New("no streams")

func (a adapter) Invoke(ctx context.Context, method string, req, reply any, opts ...grpc.CallOption) error {
	return a.methods[method](ctx, req, reply)
}

func (a adapter) NewStream(ctx context.Context, desc *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	return nil, errNoStreams
}

var _ grpc.ClientConnInterface = adapter{}
