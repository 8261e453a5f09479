// Package differential tests inprocchain with random programs.
//
// A program is a list of steps of the client, the handler, the interceptors and the stats
// handlers of one RPC. The tester runs each program over a network connection of grpc-go and
// over every in-process path to the same handler, and compares everything that the client, the
// handler, the interceptors and the stats handlers observe. It reports each kind of difference
// once, with the smallest program that shows it.
//
// A program runs in a testing/synctest bubble. After each step the tester waits
// until all goroutines of both sides are blocked, so that a program has the same order of
// events on all sides. If a program has more than one outcome on the network, each of them is
// accepted.
//
// normalizations_test.go has the differences that docs/differences.md documents, each with a
// name and its row. To see the differences that one of them hides:
//
//	go test -differential.without=stats-addresses
//
// A second test runs programs without steps, so that the client and the handler race with each
// other. It checks what must hold in every order.
//
// The other tests run fixed programs, one for each rule. They find in every run what random
// programs find only by chance.
package differential
