package chaintest

import (
	"fmt"

	"google.golang.org/grpc/stats"
)

// What is sent and what is received have an order between them, unless both
// streams of an RPC are streams: then it takes two goroutines.

func (r *rpc) sending(side string) string {
	if r.isBidi() {
		return side + ", sending"
	}
	return side
}

func (r *rpc) receiving(side string) string {
	if r.isBidi() {
		return side + ", receiving"
	}
	return side
}

// clientEnd is where the end of a stream is told, which a canceled context brings about at any time.
func (a *attempt) clientEnd() string {
	if a.rpc.isStream() {
		return "client, at the end"
	}
	return "client"
}

func (a *attempt) clientLane(s stats.RPCStats) string {
	switch s.(type) {
	case *stats.OutPayload:
		return a.rpc.sending("client")
	case *stats.InHeader, *stats.InPayload:
		return a.rpc.receiving("client")
	case *stats.InTrailer, *stats.End:
		return a.clientEnd()
	}
	return "client"
}

func (a *attempt) serverLane(s stats.RPCStats) string {
	switch s.(type) {
	case *stats.OutHeader, *stats.OutPayload:
		return a.rpc.sending("server")
	case *stats.InPayload:
		return a.rpc.receiving("server")
	}
	return "server"
}

// addClient keeps attempts apart by their numbers.
func (r *recorder) addClient(a *attempt, lane string, e event) {
	e.early = e.early || !a.rpc.hasEnded()
	if a.number > 1 {
		e.name = fmt.Sprintf("attempt %d: %s", a.number, e.name)
		if lane != "client" {
			lane = fmt.Sprintf("%s, attempt %d", lane, a.number)
		}
	}
	a.rpc.client.add(lane, e)
}
