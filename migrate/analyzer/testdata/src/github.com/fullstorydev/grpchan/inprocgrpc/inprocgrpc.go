// Package inprocgrpc declares what the test files need of the real one.
package inprocgrpc

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/stats"
)

type Cloner interface {
	Copy(out, in interface{}) error
	Clone(interface{}) (interface{}, error)
}

type ProtoCloner struct{}

func (ProtoCloner) Copy(out, in interface{}) error { return nil }

func (ProtoCloner) Clone(in interface{}) (interface{}, error) { return in, nil }

type Channel struct{ cloner Cloner }

func (c *Channel) RegisterService(desc *grpc.ServiceDesc, svr any) {}

func (c *Channel) GetServiceInfo() map[string]grpc.ServiceInfo { return nil }

func (c *Channel) WithServerUnaryInterceptor(interceptor grpc.UnaryServerInterceptor) *Channel {
	return c
}

func (c *Channel) WithServerStreamInterceptor(interceptor grpc.StreamServerInterceptor) *Channel {
	return c
}

func (c *Channel) WithCloner(cloner Cloner) *Channel { return c }

func (c *Channel) WithServerStatsHandler(h stats.Handler) *Channel { return c }

func (c *Channel) WithClientStatsHandler(h stats.Handler) *Channel { return c }

func (c *Channel) Invoke(ctx context.Context, method string, req, resp any, opts ...grpc.CallOption) error {
	return nil
}

func (c *Channel) NewStream(ctx context.Context, desc *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	return nil, nil
}

func ClientContext(ctx context.Context) context.Context { return nil }
