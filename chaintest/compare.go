package chaintest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"google.golang.org/grpc"

	"github.com/inprocchain/inprocchain"
)

// Compare makes the calls twice, over a network connection that has the chain
// on both its ends, and over a channel that has it, and fails the test for
// every difference between the two: what the calls and each RPC returned,
// messages, statuses with their details, headers, trailers, and what
// interceptors and stats handlers were told, in which order. The failures say
// what differs where. The network connection is grpc-go's own, in memory.
//
// To see this, Compare puts interceptors and stats handlers of its own before
// and after those of the chain. The chain sees nothing of them, save that the
// outgoing metadata in the context of a client's stats handler has one key more.
//
// These are no differences, since a channel has no HTTP/2: the headers
// user-agent, content-type, :authority and grpc-accept-encoding, addresses,
// compression, WireLength, the events of connections, and those of a server
// that does not know the method or never gets its request. Nor is the value of
// traceparent and its kin one, which is new each time; that it is there, is.
//
// On a network some things happen in no certain order, so none is asked for:
// when the header and the trailer of a response arrive, when the end of a
// stream is told, sending and receiving in a bidirectional stream, what is sent
// into a stream that the server has ended without reading it, how much of an
// answer goes out once its client has given up, and which side is the first to
// see a deadline pass. RPCs may be made concurrently. Beyond that, calls and
// handlers must do the same thing each time; a handler that fails in its own
// way when a deadline passes does not.
//
// The function register is called once for each of the two, so that handlers
// with a state of their own start anew. The context that calls is given ends
// when calls has returned and its RPCs have ended. An error that calls returns
// is compared as all else is: the same error twice is no difference. Calls that
// must succeed say so themselves, with t.
//
// Compare fails the test if calls makes no RPC, and for an RPC that does not
// end within five seconds after calls has returned. Such a stream was neither
// received from until an error, nor canceled. An empty chain is compared like
// any other. Compare stops the test if register or calls is nil. A panic of
// calls goes on to the caller.
//
// Compare must run in the goroutine of the test, and leaves none behind but
// those of handlers that do not return. Any number of tests may run it in
// parallel.
func Compare(t testing.TB, chain inprocchain.Chain, register func(grpc.ServiceRegistrar), calls func(context.Context, grpc.ClientConnInterface) error) {
	t.Helper()
	if register == nil || calls == nil {
		t.Fatal("chaintest: Compare: register and calls must not be nil")
	}
	compare(t, onNetwork, inProcess, scenario{chain, register, calls, 5 * time.Second})
}

// A scenario is what a side runs.
type scenario struct {
	chain    inprocchain.Chain
	register func(grpc.ServiceRegistrar)
	calls    func(context.Context, grpc.ClientConnInterface) error
	patience time.Duration // with RPCs that do not end
}

func compare(t testing.TB, oracle, subject side, s scenario) {
	t.Helper()
	want, err := run(t.Context(), oracle, s)
	if err != nil {
		t.Fatalf("chaintest: %s: %v", oracle.name, err)
	}
	got, err := run(t.Context(), subject, s)
	if err != nil {
		t.Fatalf("chaintest: %s: %v", subject.name, err)
	}
	if len(want.rpcs)+len(got.rpcs) == 0 {
		t.Error("chaintest: calls made no RPC, so there is nothing to compare: make them on the connection that it is given")
	}
	for _, found := range differences(want, got) {
		t.Errorf("chaintest: %s", found)
	}
}

// An outcome is what a side's run of a scenario came to.
type outcome struct {
	side    string
	result  string // of calls
	rpcs    []record
	unended []string
}

func run(ctx context.Context, on side, s scenario) (outcome, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r := newRecorder()
	served, err := on.open(ctx, r.around(s.chain), s.register)
	if err != nil {
		return outcome{}, fmt.Errorf("no connection: %w", err)
	}
	defer served.close()
	r.expect(served.services)

	result := s.calls(ctx, served.cc)

	deadline, stop := context.WithTimeout(ctx, s.patience)
	defer stop()
	r.settle(deadline)
	unended := r.unended()
	cancel() // abandoned streams end now
	if err := served.drain(s.patience); err != nil {
		unended = append(unended, err.Error())
	}
	return outcome{on.name, describeError(result), r.records(), unended}, nil
}
