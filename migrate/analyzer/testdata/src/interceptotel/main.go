// Package interceptotel has an interceptor that is the result of a function in
// another package.
package interceptotel

import (
	"github.com/fullstorydev/grpchan"
	"github.com/fullstorydev/grpchan/inprocgrpc"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"google.golang.org/grpc"
)

func traced(desc *grpc.ServiceDesc, impl any) grpc.ClientConnInterface {
	channel := &inprocgrpc.Channel{}
	channel.RegisterService(desc, impl)
	return grpchan.InterceptClientConn(channel, otelgrpc.UnaryClientInterceptor(), otelgrpc.StreamClientInterceptor()) // want `hides an in-process channel`
}
