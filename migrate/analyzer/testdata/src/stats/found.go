// Package stats has stats handlers on an in-process channel.
package stats

import (
	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc/stats"
)

func both(channel *inprocgrpc.Channel, handler stats.Handler) {
	channel.WithServerStatsHandler(handler) // want `this stats handler measures wrong durations: an inprocgrpc.Channel reports the end of an RPC without its begin time and leaves out most other events; pass the handler to inprocchain.New\(inprocchain.WithServerStatsHandlers\(…\)\)`
	channel.WithClientStatsHandler(handler) // want `pass the handler to inprocchain.New\(inprocchain.WithClientStatsHandlers\(…\)\)`
	channel.WithServerStatsHandler(nil)
}
