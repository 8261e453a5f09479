package imports

import (
	"context"

	"github.com/fullstorydev/grpchan"
	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/stats"
)

func bothGone(ctx context.Context, handler stats.Handler) grpc.ServiceRegistrar {
	return (&inprocgrpc.Channel{}).WithServerStatsHandler(handler) // want `measures wrong durations`
}

func grpchanGoes(ctx context.Context) grpc.ClientConnInterface {
	return grpchan.InterceptClientConnUnary(new(aliased), interceptors()...) // want `hides an in-process channel`
}
