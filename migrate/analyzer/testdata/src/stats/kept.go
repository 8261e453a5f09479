package stats

import (
	"fmt"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
)

func notMadeHere(channel *inprocgrpc.Channel) {
	channel.WithServerStatsHandler(handler{}) // want `measures wrong durations.*not rewritten: the channel is not made in the same expression`
}

func madeBefore() grpc.ClientConnInterface {
	channel := &inprocgrpc.Channel{}
	return channel.WithServerStatsHandler(handler{}) // want `measures wrong durations.*not rewritten: the channel is not made in the same expression`
}

func returnsTheChannel() *inprocgrpc.Channel {
	return (&inprocgrpc.Channel{}).WithServerStatsHandler(handler{}) // want `measures wrong durations.*not rewritten: it is used as an `
}

func usedAsTheChannel() grpc.ClientConnInterface {
	channel := (&inprocgrpc.Channel{}).WithServerStatsHandler(handler{}) // want `measures wrong durations.*not rewritten: it is used as an `
	channel.WithServerUnaryInterceptor(intercept)
	return channel
}

func usedAsAny() {
	fmt.Println((&inprocgrpc.Channel{}).WithServerStatsHandler(handler{})) // want `measures wrong durations.*not rewritten: it is used as an `
}

func again() grpc.ClientConnInterface {
	return (&inprocgrpc.Channel{}).WithServerStatsHandler(handler{}).WithServerStatsHandler(handler{}) // want `measures wrong durations.*not rewritten: a part of it is replaced` `measures wrong durations.*not rewritten: a part of it is replaced` `replaces what line 34 set`
}

type embedding struct{ *inprocgrpc.Channel }

func embedded(e embedding) {
	e.WithClientStatsHandler(handler{}) // want `measures wrong durations.*not rewritten: the channel is not made in the same expression`
}

func comment() grpc.ClientConnInterface {
	return (&inprocgrpc.Channel{}). // tracing
					WithServerStatsHandler(handler{}) // want `measures wrong durations.*not rewritten: a comment stands where text would be removed`
}

func asserted() *inprocgrpc.Channel {
	var conn grpc.ClientConnInterface = (&inprocgrpc.Channel{}).WithServerStatsHandler(handler{}) // want `measures wrong durations.*not rewritten: it is used as an `
	return conn.(*inprocgrpc.Channel)                                                             // want `panics if the channel is wrapped`
}
