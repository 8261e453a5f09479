package imports

import (
	"github.com/fullstorydev/grpchan"            // for one call
	"github.com/fullstorydev/grpchan/inprocgrpc" // for one channel
	"google.golang.org/grpc/stats"
)

func commented(handler stats.Handler) (grpc1, grpc1) {
	return new(inprocgrpc.Channel).WithClientStatsHandler(handler), // want `measures wrong durations`
		grpchan.InterceptClientConnUnary(new(aliased), interceptors()...) // want `hides an in-process channel`
}
