package chaintest

import (
	"slices"

	"google.golang.org/grpc/codes"
)

// The likely cause of a failure is a question, which ends its first line.
const (
	otherChain    = "do both run the same interceptors and stats handlers, in the same order? Give the server and the Channel one Chain"
	otherServices = "are the same services registered on both?"
	otherCaller   = "does authentication run on both, and do both callers send the same credentials?"
	closedConn    = "has one of the connections been closed, or its server stopped?"
	sharedState   = "do both connections share state? Then undo the changes in calls, or take the connections from two applications"
	newValue      = "is a value new in each run, such as an id or a time? If the connections share state, undo the changes in calls, or take the connections from two applications; otherwise see WithCmpOptions"
	notRefused    = "is an interceptor that refuses the calls missing, or does calls drop the error?"
	noEnd         = "is there a path on which nobody ends it?"
	otherCalls    = "did calls return early on one connection, or does an interceptor make RPCs on one only?"

	// Causes if both sides run the same Chain.
	dependsOnConn = "does an interceptor depend on the connection, such as on the peer's address? Both sides run the same Chain"
	chainState    = "does an interceptor have state, such as a rate limiter? Both sides share the Chain; build two applications and use CompareConns"
	newMessage    = "is a value new in each run, such as an id or a time? Then see WithCmpOptions"

	noEffects      = "is what writes them missing on both, or is it in the wrong place, such as outside of the span to which it adds? If the calls must leave none, use WithoutSideEffects"
	effectsMissing = "is an interceptor or a stats handler missing on the Channel, or in another place than on the server?"
	effectsAdded   = "is an interceptor or a stats handler missing on the server, or twice on the Channel?"
	effectsLeft    = "is an interceptor that refuses the calls missing, or does it run after the one that writes?"
	effectsNotNew  = "does the function return again what it has returned before? It must return only what is new since its last call"
)

// cause returns the likely cause of a difference between two RPCs.
func (c comparer) cause(want, got rpcRecord) string {
	if c.oneChain {
		return c.causeInOneChain(want, got)
	}
	switch {
	case want.code != got.code && either(want, got, codes.Unimplemented):
		return otherServices
	case want.code != got.code && either(want, got, codes.Unauthenticated, codes.PermissionDenied):
		return otherCaller
	case want.code != got.code && either(want, got, stateCodes...):
		return sharedState
	case want.code != got.code && either(want, got, codes.Unavailable):
		return closedConn
	case c.differInMessagesOnly(want, got):
		return newValue
	}
	return otherChain
}

func (c comparer) causeInOneChain(want, got rpcRecord) string {
	switch {
	case want.code != got.code && either(want, got, stateCodes...):
		return chainState
	case c.differInMessagesOnly(want, got):
		return newMessage
	}
	return dependsOnConn
}

// stateCodes are the codes of RPCs that fail because of earlier ones.
var stateCodes = []codes.Code{codes.AlreadyExists, codes.NotFound, codes.FailedPrecondition, codes.Aborted, codes.OutOfRange, codes.ResourceExhausted}

func either(want, got rpcRecord, anyOf ...codes.Code) bool {
	return slices.Contains(anyOf, want.code) || slices.Contains(anyOf, got.code)
}

// differInMessagesOnly reports whether the events are the same except for the contents of
// messages.
func (c comparer) differInMessagesOnly(want, got rpcRecord) bool {
	return slices.EqualFunc(want.sequences, got.sequences, func(a, b sequence) bool {
		return a.name == b.name && slices.EqualFunc(a.events, b.events, func(a, b event) bool {
			return a.name == b.name && slices.EqualFunc(a.fields, b.fields, func(a, b field) bool {
				return a.isSize || a.text == b.text && len(a.messages()) == len(b.messages())
			})
		})
	})
}

// effectsCause returns the likely cause of a difference between side effects.
func (c comparer) effectsCause(want, got any) string {
	switch {
	case c.oneChain:
		return dependsOnConn
	case sizeOf(want) > sizeOf(got):
		return effectsMissing
	case sizeOf(want) < sizeOf(got):
		return effectsAdded
	}
	return otherChain
}

// spanCause returns the likely cause of a difference between two spans.
func (c comparer) spanCause() string {
	if c.oneChain {
		return dependsOnConn
	}
	return otherChain
}
