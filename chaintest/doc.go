// Package chaintest tests that RPCs do in-process what they do on a network.
//
//   - [CompareConns] takes an application as it is wired, makes the same calls on
//     its listener and on its in-process channel, and reports every difference
//     that callers, spans and audit logs show. This is the test that an
//     application should have.
//   - [Compare] takes a chain and builds both sides from it. It compares more
//     closely, interceptor by interceptor and stats event by stats event, but
//     cannot see whether the application uses that chain.
//   - [Traced] takes one way into an application and reports the RPCs that did
//     not leave one client span and one server span.
//
// # Times
//
// Inside a testing/synctest bubble, time passes only while everything waits. So
// both ways return the same time, as long as neither calls nor handlers wait,
// and they always measure the same durations:
//
//	func TestTimesAreEqualInABubble(t *testing.T) {
//		synctest.Test(t, func(t *testing.T) {
//			chaintest.Compare(t, inprocchain.Chain{}, registerClock, now)
//		})
//	}
//
// CompareConns works in a bubble, too, if the connections are made there and use
// a listener in memory. Without a bubble, ignore fields that hold a time with
// [WithCmpOptions].
//
// # Panics
//
// A panic in a handler is not recovered: it ends the process, as with grpc-go.
package chaintest
