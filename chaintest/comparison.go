package chaintest

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
)

// A comparison makes the calls on two connections and compares the outcomes.
type comparison struct {
	settings
	calls       Calls
	comparer    comparer
	rpcTimeout  time.Duration // for RPCs to end
	lateTimeout time.Duration // for spans and side effects that come after the RPCs
}

func newComparison(calls Calls, s settings) comparison {
	return comparison{
		settings:    s,
		calls:       calls,
		comparer:    newComparer(s.cmpOptions),
		rpcTimeout:  5 * time.Second,
		lateTimeout: 2 * time.Second,
	}
}

// transports compares two transports that run one chain.
func (c comparison) transports(t testing.TB, wantOver, gotOver transport, chain inprocchain.Chain, register func(grpc.ServiceRegistrar)) {
	t.Helper()
	c.comparer.oneChain = true
	run := func(over transport) outcome {
		r := newRecorder(false)
		return c.run(t, over.name, r, func(ctx context.Context) (*connection, error) {
			return over.open(ctx, r.around(chain), register)
		})
	}
	got := run(gotOver)
	got.window.close()
	want := run(wantOver)
	c.report(t, want, got)
}

// conns compares two connections that are already open. The calls on the network are made
// last, so that side effects of theirs that are late are not taken for others.
func (c comparison) conns(t testing.TB, network, inProcess grpc.ClientConnInterface) {
	t.Helper()
	if conn, ok := network.(*grpc.ClientConn); ok {
		c.connect(t.Context(), conn)
	}
	if len(c.effects) > 0 {
		// What the test has done on the network before may have effects that are late.
		time.Sleep(c.lateTimeout / 100)
	}
	got := c.run(t, inThisProcess, newRecorder(true), existing(inProcess))
	got.window.close()
	want := c.run(t, onNetwork, newRecorder(true), existing(network))
	c.report(t, want, got)
}

// connect waits until the connection is established, so that the first RPC does
// not reach its deadline before it is sent. If that fails, the RPCs return the error.
func (c comparison) connect(ctx context.Context, conn *grpc.ClientConn) {
	ctx, cancel := context.WithTimeout(ctx, c.rpcTimeout)
	defer cancel()
	conn.Connect()
	for state := conn.GetState(); state == connectivity.Idle || state == connectivity.Connecting; state = conn.GetState() {
		if !conn.WaitForStateChange(ctx, state) {
			return
		}
	}
}

// An outcome is the result of the calls on one connection.
type outcome struct {
	where      string // "on the network" or "in-process"
	err        error  // of calls
	rpcs       []rpcRecord
	problems   []string // RPCs and handlers that did not end
	window     *spanWindow
	spansEnded bool
	before     []any // what each function of settings.effects returned before the calls
	effects    []any // and after them
}

func (c comparison) run(t testing.TB, where string, r *recorder, open func(context.Context) (*connection, error)) outcome {
	t.Helper()
	window := openSpanWindow(c.spans)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	conn, err := open(ctx)
	if err != nil {
		t.Fatalf("chaintest: %s: no connection: %v", where, err)
	}
	defer conn.close()
	r.expectServices(conn.services)

	if len(c.spans) > 0 {
		ctx = trace.ContextWithRemoteSpanContext(ctx, window.root)
	}
	before := c.readEffects() // so that effects has only those of these calls
	err = c.calls(ctx, callerConn{conn.conn, r})

	timeout, stop := context.WithTimeout(ctx, c.rpcTimeout)
	defer stop()
	r.awaitEnd(timeout)
	problems := r.stopOpen()
	cancel() // ends abandoned streams
	if err := conn.drain(c.rpcTimeout); err != nil {
		problems = append(problems, err.Error())
	}
	o := outcome{where: where, err: err, rpcs: r.records(), problems: problems, window: window, before: before}
	o.spansEnded = window.awaitEnd(c.lateTimeout)
	if len(c.effects) > 0 && !c.comparer.oneChain {
		// In a synctest bubble, this waits until nothing is left that could write effects.
		// Elsewhere, awaitEffects waits.
		time.Sleep(time.Millisecond)
	}
	o.effects = c.readEffects()
	return o
}

func (c comparison) report(t testing.TB, want, got outcome) {
	t.Helper()
	late := time.Now().Add(c.lateTimeout)
	if !c.comparer.oneChain { // otherwise the handlers have been waited for
		c.awaitEffects(&want, got, late)
	}
	for _, o := range []outcome{want, got} {
		for _, problem := range o.problems {
			t.Errorf("chaintest: %s, %s", o.where, problem)
		}
		if o.isUnimplemented() && c.errorCode != codes.Unimplemented {
			t.Errorf("chaintest: %s, every RPC ended with Unimplemented; register the services that calls uses", o.where)
		}
	}
	if len(want.rpcs)+len(got.rpcs) == 0 {
		t.Error("chaintest: calls made no RPC, so there is nothing to compare; make RPCs on the connection that calls is given")
	}
	for _, difference := range slices.Concat(
		c.comparer.rpcDifferences(want, got),
		c.callErrors(want, got),
		c.spanDifferences(want, got, late),
		c.effectDifferences(want, got),
	) {
		t.Errorf("chaintest: %s", difference)
	}
}

// callErrors describes the errors that calls returned, except those that are meant to be.
func (c comparison) callErrors(want, got outcome) []string {
	var found []string
	for _, o := range []outcome{want, got} {
		code := status.Code(o.err)
		switch {
		case c.errorCode == code:
		case c.errorCode != codes.OK && o.err == nil:
			found = append(found, fmt.Sprintf("%s, calls returned no error, but it is meant to fail with %v: %s", o.where, c.errorCode, notRefused))
		case c.errorCode != codes.OK:
			found = append(found, fmt.Sprintf("%s, calls returned an error that is not %v: %v", o.where, c.errorCode, o.err))
		case want.err != nil && got.err != nil && code != codes.Unknown:
			found = append(found, fmt.Sprintf("%s, calls returned an error: %v; if it is meant to fail, use WithErrorCode(codes.%v)", o.where, o.err, code))
		default:
			found = append(found, fmt.Sprintf("%s, calls returned an error: %v", o.where, o.err))
		}
	}
	return found
}

// isUnimplemented reports whether every RPC ended with Unimplemented.
func (o outcome) isUnimplemented() bool {
	for _, rpc := range o.rpcs {
		if rpc.code != codes.Unimplemented {
			return false
		}
	}
	return len(o.rpcs) > 0
}

// existing returns a function that returns conn.
func existing(conn grpc.ClientConnInterface) func(context.Context) (*connection, error) {
	return func(context.Context) (*connection, error) {
		return &connection{conn: conn, drain: func(time.Duration) error { return nil }, close: func() {}}, nil
	}
}
