// Package differential tests inprocchain with random programs.
//
// A program says what the client, the handler, the interceptors and the stats
// handlers of one RPC do, step by step. The tester runs each program over a
// network connection of grpc-go, and over every in-process path to the same
// handler, and compares all that the client, the handler, the interceptors and
// the stats handlers observed. It reports each kind of difference once, with the
// smallest program that shows it.
//
// A program runs in a testing/synctest bubble. After each step the tester waits
// until all goroutines of both sides are blocked, so that a program has the same
// order of events everywhere. If a network itself gives more than one outcome for
// a program, each of them is right.
//
// The differences that docs/differences.md documents are in normalize_test.go,
// each with its name and its row. To see what one of them hides:
//
//	go test -differential.without=http2-headers
//
// A second test, of the same programs without steps, lets the client and the
// handler race with each other. It checks what must hold in every order.
//
// The other tests run programs that are written down, one for each rule that must
// hold. They find in every run what random programs find only by chance.
package differential
