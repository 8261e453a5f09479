package stats

import (
	"fmt"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
)

func notMadeHere(channel *inprocgrpc.Channel) {
	channel.WithServerStatsHandler(handler{}) // want `measures wrong durations.*not rewritten: the channel is not made in the same expression or directly before`
}

func madeBefore() grpc.ClientConnInterface {
	channel := &inprocgrpc.Channel{}
	return channel.WithServerStatsHandler(handler{}) // want `measures wrong durations.*not rewritten: the channel is not made in the same expression or directly before`
}

func otherStatementBetween() grpc.ClientConnInterface {
	channel := &inprocgrpc.Channel{}
	fmt.Println("made")
	channel.WithServerStatsHandler(handler{}) // want `measures wrong durations.*not rewritten: the channel is not made in the same expression or directly before`
	return channel
}

func setLater() grpc.ClientConnInterface {
	channel := &inprocgrpc.Channel{}
	channel.WithServerStatsHandler(handler{}) // want `measures wrong durations.*not rewritten: it is used as an `
	fmt.Println("set")
	channel.WithClientStatsHandler(handler{}) // want `measures wrong durations.*not rewritten: the channel is not made in the same expression or directly before`
	return channel
}

func usedAsTheChannelLater() *inprocgrpc.Channel {
	channel := &inprocgrpc.Channel{}
	channel.WithServerStatsHandler(handler{}) // want `measures wrong durations.*not rewritten: it is used as an `
	return channel
}

func replacedLater() grpc.ClientConnInterface {
	channel := &inprocgrpc.Channel{}
	channel.WithServerStatsHandler(handler{}) // want `measures wrong durations.*not rewritten: one of the calls replaces another one`
	channel.WithServerStatsHandler(handler{}) // want `measures wrong durations.*not rewritten: one of the calls replaces another one` `replaces what line`
	return channel
}

func commentBetween() grpc.ClientConnInterface {
	channel := &inprocgrpc.Channel{}          // bare
	channel.WithServerStatsHandler(handler{}) // want `measures wrong durations.*not rewritten: a comment would be lost`
	return channel
}

func madeTwice() grpc.ClientConnInterface {
	channel := &inprocgrpc.Channel{}
	channel.WithServerStatsHandler(handler{}) // want `measures wrong durations.*not rewritten: it is used as an `
	channel = &inprocgrpc.Channel{}
	return channel
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
	return (&inprocgrpc.Channel{}).WithServerStatsHandler(handler{}).WithServerStatsHandler(handler{}) // want `measures wrong durations.*not rewritten: one of the calls replaces another one` `measures wrong durations.*not rewritten: one of the calls replaces another one` `replaces what line`
}

type embedding struct{ *inprocgrpc.Channel }

func embedded(e embedding) {
	e.WithClientStatsHandler(handler{}) // want `measures wrong durations.*not rewritten: the channel is not made in the same expression or directly before`
}

func comment() grpc.ClientConnInterface {
	return (&inprocgrpc.Channel{}). // tracing
					WithServerStatsHandler(handler{}) // want `measures wrong durations.*not rewritten: a comment would be lost`
}

func asserted() *inprocgrpc.Channel {
	var conn grpc.ClientConnInterface = (&inprocgrpc.Channel{}).WithServerStatsHandler(handler{}) // want `measures wrong durations.*not rewritten: it is used as an `
	return conn.(*inprocgrpc.Channel)                                                             // want `panics if the channel is wrapped`
}
