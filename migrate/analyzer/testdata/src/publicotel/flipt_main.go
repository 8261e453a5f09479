// Flipt 1.55.0, https://github.com/flipt-io/flipt/blob/ca47763e6d8d580a97d59820c1593ba89f592dcb/cmd/flipt/main.go

package publicotel

import (
	"github.com/fullstorydev/grpchan"
	"github.com/fullstorydev/grpchan/inprocgrpc"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
)

func run(cfg config) {
	channel := &inprocgrpc.Channel{}
	server := newGRPCServer(cfg, channel)
	if cfg.tracing {
		channel = grpchan.InterceptClientConn(channel, otelgrpc.UnaryClientInterceptor(), nil).(*inprocgrpc.Channel) // want `this assertion always panics.*pass the interceptors, and what else is set on the channel, to one inprocchain.New`
	}
	_ = server
	serve(channel)
}
