// Package grpc declares what the test files need of the real one.
package grpc

import (
	"context"

	"google.golang.org/grpc/stats"
)

type (
	CallOption   interface{}
	DialOption   interface{}
	ServerOption interface{ apply() }
	ServiceInfo  struct{}
	ClientStream interface{ RecvMsg(m any) error }
	StreamDesc   struct{ StreamName string }
	ServiceDesc  struct{ ServiceName string }

	UnaryServerInfo  struct{ FullMethod string }
	StreamServerInfo struct{ FullMethod string }
	ServerStream     interface{ Context() context.Context }

	UnaryHandler  func(ctx context.Context, req any) (any, error)
	StreamHandler func(srv any, stream ServerStream) error
	UnaryInvoker  func(ctx context.Context, method string, req, reply any, cc *ClientConn, opts ...CallOption) error
	Streamer      func(ctx context.Context, desc *StreamDesc, cc *ClientConn, method string, opts ...CallOption) (ClientStream, error)

	UnaryServerInterceptor  func(ctx context.Context, req any, info *UnaryServerInfo, handler UnaryHandler) (any, error)
	StreamServerInterceptor func(srv any, ss ServerStream, info *StreamServerInfo, handler StreamHandler) error
	UnaryClientInterceptor  func(ctx context.Context, method string, req, reply any, cc *ClientConn, invoker UnaryInvoker, opts ...CallOption) error
	StreamClientInterceptor func(ctx context.Context, desc *StreamDesc, cc *ClientConn, method string, streamer Streamer, opts ...CallOption) (ClientStream, error)
)

type ClientConnInterface interface {
	Invoke(ctx context.Context, method string, args, reply any, opts ...CallOption) error
	NewStream(ctx context.Context, desc *StreamDesc, method string, opts ...CallOption) (ClientStream, error)
}

type ServiceRegistrar interface {
	RegisterService(desc *ServiceDesc, impl any)
}

type ClientConn struct{ target string }

func NewClient(target string, opts ...DialOption) (*ClientConn, error) {
	return &ClientConn{target}, nil
}

func (cc *ClientConn) Target() string { return cc.target }

func (cc *ClientConn) Invoke(ctx context.Context, method string, args, reply any, opts ...CallOption) error {
	return nil
}

func (cc *ClientConn) NewStream(ctx context.Context, desc *StreamDesc, method string, opts ...CallOption) (ClientStream, error) {
	return nil, nil
}

type Server struct{}

func NewServer(opts ...ServerOption) *Server { return &Server{} }

func (s *Server) RegisterService(desc *ServiceDesc, impl any) {}

func UnaryInterceptor(i UnaryServerInterceptor) ServerOption { return nil }

func ChainUnaryInterceptor(interceptors ...UnaryServerInterceptor) ServerOption { return nil }

func StreamInterceptor(i StreamServerInterceptor) ServerOption { return nil }

func ChainStreamInterceptor(interceptors ...StreamServerInterceptor) ServerOption { return nil }

func StatsHandler(h stats.Handler) ServerOption { return nil }

func MaxRecvMsgSize(m int) ServerOption { return nil }
