// Package grpchan declares what the test files need of the real one.
package grpchan

import "google.golang.org/grpc"

type Channel = grpc.ClientConnInterface

type WrappedClientConn interface {
	grpc.ClientConnInterface
	Unwrap() grpc.ClientConnInterface
}

type HandlerMap map[string]int

func (m HandlerMap) RegisterService(desc *grpc.ServiceDesc, h any) {}

func (m HandlerMap) ForEach(fn func(desc *grpc.ServiceDesc, svr any)) {}

func InterceptChannel(ch grpc.ClientConnInterface, unaryInt grpc.UnaryClientInterceptor, streamInt grpc.StreamClientInterceptor) grpc.ClientConnInterface {
	return ch
}

func InterceptClientConn(ch grpc.ClientConnInterface, unaryInt grpc.UnaryClientInterceptor, streamInt grpc.StreamClientInterceptor) grpc.ClientConnInterface {
	return ch
}

func InterceptClientConnUnary(ch grpc.ClientConnInterface, unaryInt ...grpc.UnaryClientInterceptor) grpc.ClientConnInterface {
	return ch
}

func InterceptClientConnStream(ch grpc.ClientConnInterface, streamInt ...grpc.StreamClientInterceptor) grpc.ClientConnInterface {
	return ch
}

func InterceptServer(svcDesc *grpc.ServiceDesc, unaryInt grpc.UnaryServerInterceptor, streamInt grpc.StreamServerInterceptor) *grpc.ServiceDesc {
	return svcDesc
}

func WithInterceptor(reg grpc.ServiceRegistrar, unaryInt grpc.UnaryServerInterceptor, streamInt grpc.StreamServerInterceptor) grpc.ServiceRegistrar {
	return reg
}
