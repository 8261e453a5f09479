// Package chaintest tests that RPCs behave the same in-process as on a network.
//
//   - [CompareConns] tests an application as it is wired. It makes the same calls on a
//     connection to its listener and on its in-process channel, and reports every
//     difference in what callers get, and with options also in spans and audit logs. Every
//     application should have this test.
//   - [Compare] tests a chain, and builds both sides from it. It compares in more detail,
//     interceptor by interceptor and stats event by stats event, but cannot see whether
//     the application uses that chain.
//   - [Traced] tests one connection to an application. It reports the RPCs that did not
//     leave one client span and one server span.
//
// # Times
//
// Inside a testing/synctest bubble, time passes only while all goroutines are blocked. So
// durations are the same on the network and in-process. Times of day are also the same if
// neither calls nor handlers sleep:
//
//	func TestTimesAreEqualInABubble(t *testing.T) {
//		synctest.Test(t, func(t *testing.T) {
//			chaintest.Compare(t, inprocchain.Chain{}, registerClock, now)
//		})
//	}
//
// CompareConns also works in a bubble if the connections are made there and use
// a listener in memory. Without a bubble, ignore fields that hold a time with
// [WithCmpOptions].
//
// # Panics
//
// A panic in a handler is not recovered: it ends the process, as with grpc-go.
package chaintest
