// Package chaintest is for tests of applications that use package inprocchain, and for tests
// that would otherwise use package bufconn.
//
//   - [Serve] returns a Channel with some services, which is closed when the test ends.
//   - [Run] runs a test twice, over a network and in-process.
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
// The document [testing] shows how to use them.
//
// # Times
//
// Serve, Run, Compare and CompareConns work in testing/synctest bubbles, if everything is
// made inside of the bubble. There, time passes only while all goroutines are blocked. So
// durations are the same on the network and in-process. Times of day are also the same if
// neither calls nor handlers sleep:
//
//	func TestTimesAreEqualInABubble(t *testing.T) {
//		synctest.Test(t, func(t *testing.T) {
//			chaintest.Compare(t, inprocchain.Chain{}, registerClock, now)
//		})
//	}
//
// The network of CompareConns must then use a listener in memory. Without a bubble, ignore
// fields that hold a time with [WithCmpOptions].
//
// # Panics
//
// A panic in a handler is not recovered: it ends the process, as with grpc-go.
//
// [testing]: https://github.com/inprocchain/inprocchain/blob/main/docs/testing.md
package chaintest
