// Package random tests inprocchain with random programs of several RPCs, whose steps do not wait
// for each other.
//
// A program has one to three calls, which may be nested in handlers, made by several clients, or
// served elsewhere. It has interceptors, call options, and stats handlers that do something at
// an event: they block, panic, make an RPC, stop the server, or change a context. Its steps run
// on the goroutines of the callers and the handlers. The next step begins as soon as
// the one before has begun, once it has returned, or when all goroutines are blocked,
// as the program says.
//
// So a program has several outcomes. The tester runs it many times over a network
// connection of grpc-go and on a Channel, and counts for each observer what it has seen. A
// difference is something that an observer on the Channel sees often and the same one on the
// network never, or less than a tenth as often. A Channel has no latency. So what an observer
// sees there is no difference if the network shows it when some steps of the program wait until
// all goroutines are blocked.
//
// Most programs run in a testing/synctest bubble. Some run in real time, with one
// processor or with processors that are busy, because only there a handler may compute past a deadline.
//
// Another test measures the heap after many RPCs, and while the receiver of a stream stalls.
//
// Messages are compared as the values of their fields, and by deep equality. Retained contexts,
// printed contents and peers are recorded too. What differs for a reason that docs/differences.md has
// is described in the same way on both sides, by the functions of normalizations_test.go. If
// what a stats handler does differs as a whole, the tester leaves it out; knownDifference says why.
//
// The tests are not built with the race detector: an interceptor that calls its streamer twice
// lets two RPCs write to what one call option points to, over a network too.
//
// A difference is reported once, with the smallest program that shows it. To run that program
// again, or to go on:
//
//	go test -random.only=57
//	go test -random.seed=0 -random.for=10m
//
// Package differential runs one RPC, waits after every step, and compares everything.
package random
