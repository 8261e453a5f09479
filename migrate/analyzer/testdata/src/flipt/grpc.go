package flipt

import (
	"context"

	"github.com/fullstorydev/grpchan"
	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
)

func newGRPCServer(cfg config, channel *inprocgrpc.Channel) *grpcServer {
	handlers := &grpchan.HandlerMap{}
	interceptors := []grpc.UnaryServerInterceptor{recoverPanics, trace}

	channel.WithServerUnaryInterceptor(chain(interceptors...))

	if cfg.audit {
		interceptors = append(interceptors, audit)
	}

	channel = channel.WithServerUnaryInterceptor(chain(interceptors...)) // want `WithServerUnaryInterceptor replaces what line 15 set on the same channel, which then never runs`

	server := &grpcServer{interceptors: interceptors}
	handlers.ForEach(channel.RegisterService)
	handlers.ForEach(server.RegisterService)
	return server
}

type grpcServer struct{ interceptors []grpc.UnaryServerInterceptor }

func (s *grpcServer) RegisterService(desc *grpc.ServiceDesc, impl any) {}

func chain(interceptors ...grpc.UnaryServerInterceptor) grpc.UnaryServerInterceptor {
	return interceptors[0]
}

func recoverPanics(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	defer func() { _ = recover() }()
	return handler(ctx, req)
}

func trace(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	return handler(ctx, req)
}

func audit(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	return handler(ctx, req)
}
