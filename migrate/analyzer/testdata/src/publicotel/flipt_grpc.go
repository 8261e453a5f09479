// Flipt 1.55.0, https://github.com/flipt-io/flipt/blob/ca47763e6d8d580a97d59820c1593ba89f592dcb/internal/cmd/grpc.go

package publicotel

import (
	"example.com/audit"
	"github.com/fullstorydev/grpchan"
	"github.com/fullstorydev/grpchan/inprocgrpc"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"google.golang.org/grpc"
)

func newGRPCServer(cfg config, channel *inprocgrpc.Channel) *grpc.Server {
	handlers := &grpchan.HandlerMap{}
	interceptors := []grpc.UnaryServerInterceptor{
		recovered,
		audit.Events("evaluation"), // want `adds events to the span of its context, but runs outside otelgrpc's interceptor \(line 23\)`
	}
	if cfg.audit {
		interceptors = append(interceptors, audit.Events("audit")) // want `adds events to the span of its context, but runs outside otelgrpc's interceptor \(line 23\)`
	}

	interceptors = append(interceptors, otelgrpc.UnaryServerInterceptor())
	opts := []grpc.ServerOption{grpc.ChainUnaryInterceptor(interceptors...), grpc.MaxRecvMsgSize(1 << 20)}

	channel.WithServerUnaryInterceptor(chain(interceptors...))

	server := grpc.NewServer(opts...)
	handlers.ForEach(channel.RegisterService)
	handlers.ForEach(server.RegisterService)
	return server
}
