package stats

import (
	"fmt"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
)

func notMadeHere(channel *inprocgrpc.Channel) {
	channel.WithServerStatsHandler(handler{}) // want `durations are wrong here.*not rewritten: the channel is not made in the same expression`
}

func madeBefore() grpc.ClientConnInterface {
	channel := &inprocgrpc.Channel{}
	return channel.WithServerStatsHandler(handler{}) // want `durations are wrong here.*not rewritten: the channel is not made in the same expression`
}

func returnsTheChannel() *inprocgrpc.Channel {
	return (&inprocgrpc.Channel{}).WithServerStatsHandler(handler{}) // want `durations are wrong here.*not rewritten: it is used as an `
}

func usedAsTheChannel() grpc.ClientConnInterface {
	channel := (&inprocgrpc.Channel{}).WithServerStatsHandler(handler{}) // want `durations are wrong here.*not rewritten: it is used as an `
	channel.WithServerUnaryInterceptor(intercept)
	return channel
}

func usedAsAny() {
	fmt.Println((&inprocgrpc.Channel{}).WithServerStatsHandler(handler{})) // want `durations are wrong here.*not rewritten: it is used as an `
}

func perhapsNil(interceptor grpc.UnaryServerInterceptor) grpc.ClientConnInterface {
	return (&inprocgrpc.Channel{}).WithServerStatsHandler(handler{}).WithServerUnaryInterceptor(interceptor) // want `durations are wrong here.*not rewritten: the argument of WithServerUnaryInterceptor may be nil, which inprocchain.New refuses`
}

func again() grpc.ClientConnInterface {
	return (&inprocgrpc.Channel{}).WithServerStatsHandler(handler{}).WithServerStatsHandler(handler{}) // want `durations are wrong here.*not rewritten: a part of it is replaced` `durations are wrong here.*not rewritten: a part of it is replaced` `replaces what line 38 set`
}

type embedding struct{ *inprocgrpc.Channel }

func embedded(e embedding) {
	e.WithClientStatsHandler(handler{}) // want `durations are wrong here.*not rewritten: the channel is not made in the same expression`
}

func comment() grpc.ClientConnInterface {
	return (&inprocgrpc.Channel{}). // tracing
					WithServerStatsHandler(handler{}) // want `durations are wrong here.*not rewritten: a comment stands where text would go`
}

func asserted() *inprocgrpc.Channel {
	var conn grpc.ClientConnInterface = (&inprocgrpc.Channel{}).WithServerStatsHandler(handler{}) // want `durations are wrong here.*not rewritten: it is used as an `
	return conn.(*inprocgrpc.Channel)                                                             // want `panics as soon as somebody wraps the channel`
}
