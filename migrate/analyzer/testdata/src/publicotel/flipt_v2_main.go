// Flipt 2, cmd/flipt/main.go

package publicotel

import (
	"github.com/fullstorydev/grpchan/inprocgrpc"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
)

func runV2(cfg config) {
	channel := &inprocgrpc.Channel{}
	channel = channel.WithServerUnaryInterceptor(chain(
		otelgrpc.UnaryServerInterceptor(),
	))
	server := newGRPCServerV2(cfg, channel) // want `newGRPCServerV2 \(flipt_v2_grpc.go:30\) calls WithServerUnaryInterceptor on this channel, which replaces what line 12 set`
	_ = server
	serve(channel)
}
