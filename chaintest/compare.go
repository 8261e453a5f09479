package chaintest

import (
	"context"
	"reflect"
	"testing"
	"time"

	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"

	"github.com/inprocchain/inprocchain"
)

// Calls is a function that makes RPCs. [Compare] and [CompareConns] call it twice, once
// for the network and once for the in-process channel. It must use the connection and the
// context that it is given. The context ends when the function has returned and its RPCs
// have ended.
//
// Calls must do the same thing each time, and undo what would make the second run
// different. It may make RPCs concurrently. If it returns an error, the test fails. RPCs
// that fail are compared like all others, so ignore the error of an RPC that is meant to
// fail.
type Calls = func(context.Context, grpc.ClientConnInterface) error

// Compare tests a chain. It makes the calls twice, over a grpc-go connection with the
// chain on both of its ends, and over an in-process channel with the same chain. It fails
// the test for every difference in messages, statuses and their details, headers,
// trailers, and in what interceptors and stats handlers see and in which order. The
// failures say what differs and where. The connection is in memory.
//
// Compare builds both sides from the chain, so it cannot see how the application
// is wired: Compare also passes if the application's channel has another chain, or
// none. [CompareConns] tests that.
//
// Compare calls register once for each side, so each side has its own handlers. But both
// sides share the chain. If an interceptor or a stats handler has state, such as a rate
// limiter, build two applications and use CompareConns.
//
// To observe RPCs, Compare adds interceptors and stats handlers before and after
// those of the chain. The chain does not see them, except that the outgoing
// metadata in the context of a client's stats handler has one more key.
//
// Compare does not compare what a channel without a connection cannot have: the header
// grpc-accept-encoding, addresses, compression, the WireLength of headers and trailers,
// connection events, and the events of a server that does not know the method or never
// gets its request. The header :authority holds an address, and traceparent and similar
// keys hold ids that are new in each run, so only their presence is compared.
//
// It also does not compare what varies on a network: when the header and the
// trailer of a response arrive, when the end of a stream is reported, the order of sending
// and receiving in a bidirectional stream, messages sent to a stream that the server ended
// without reading them, how much of a response is sent after its client has stopped
// waiting, and which side notices first that a deadline has passed. In all other respects,
// handlers must do the same thing each time. How far a handler gets before its client
// cancels the RPC varies, so wait for a message from it before canceling.
//
// Compare also fails the test if calls returns an error, if it makes no RPC, if
// every RPC ended with Unimplemented, and for each RPC that has not ended five
// seconds after calls returned. It supports [WithCmpOptions], [WithSpans] and
// [WithEffects]. It stops the test if register or calls is nil or an option is
// invalid. A panic of calls is not recovered.
//
// Compare must be called from the goroutine of the test. It leaves no goroutine
// behind except those of handlers that do not return. Parallel tests may call it.
func Compare(t testing.TB, chain inprocchain.Chain, register func(grpc.ServiceRegistrar), calls Calls, opts ...Option) {
	t.Helper()
	if register == nil || calls == nil {
		t.Fatal("chaintest: Compare: register and calls must not be nil")
	}
	s := newSettings(t, "Compare", opts, "WithCmpOptions", "WithSpans", "WithEffects")
	newComparison(calls, s).transports(t, network, inProcess, chain, register)
}

// CompareConns tests how an application is wired. It makes the calls twice, on a
// connection to the application's listener and on its in-process channel, and
// fails the test for every difference that the caller can see, RPC by RPC:
// responses, statuses with their details, headers, trailers, streamed messages,
// and what grpc.OnFinish reports. The failures say what differs and where.
//
// The caller does not see everything. For example, a missing audit log changes no
// response. [WithSpans] also compares the spans of the calls, and [WithEffects] anything
// else that they leave behind, such as the lines of an audit log. With these options
// CompareConns reports a missing or doubled stats handler, missing interceptors, and
// another order of interceptors if it has an effect. It does not report what is missing on
// both connections.
//
// Dial network as the clients of the application do, with the client side of the
// chain if the channel has one:
//
//	grpc.NewClient(address, append(chain.DialOptions(), grpc.WithTransportCredentials(…))...)
//
// CompareConns makes the calls first on network and then on inProcess, which may be a
// Channel, its ClientConn, or anything else that the application's own callers use. If
// both connections lead to the same application, calls must undo its changes, because the
// second run finds them. Otherwise build two applications, and take one connection from
// each.
//
// CompareConns does not compare what [Compare] does not compare. It sees only the client's
// side, and does not compare successful sends to a stream. Of an RPC that ended with
// Canceled or DeadlineExceeded it does not compare the trailer, nor the header unless a
// message was received. The client interceptors of both connections see three additional
// call options, which observe how an RPC ends.
//
// CompareConns also fails the test if calls returns an error, if it makes no RPC,
// if every RPC on a connection ended with Unimplemented, and for each RPC that has not
// ended five seconds after calls returned. It supports [WithCmpOptions],
// [WithSpans] and [WithEffects]. It stops the test if an argument is nil, if both
// connections are the same, or if an option is invalid. A panic of calls is not
// recovered.
//
// CompareConns closes neither connection. It must be called from the goroutine
// of the test, and leaves no goroutine behind.
func CompareConns(t testing.TB, network, inProcess grpc.ClientConnInterface, calls Calls, opts ...Option) {
	t.Helper()
	if isNil(network) || isNil(inProcess) || calls == nil {
		t.Fatal("chaintest: CompareConns: network, inProcess and calls must not be nil")
	}
	if reflect.ValueOf(network).Comparable() && network == inProcess {
		t.Fatal("chaintest: CompareConns: network and inProcess are the same connection; dial the listener of the application for network")
	}
	s := newSettings(t, "CompareConns", opts, "WithCmpOptions", "WithSpans", "WithEffects")
	newComparison(calls, s).conns(t, network, inProcess)
}

// existing returns a function that returns conn.
func existing(conn grpc.ClientConnInterface) func(context.Context) (*connection, error) {
	return func(context.Context) (*connection, error) {
		return &connection{conn: conn, drain: func(time.Duration) error { return nil }, close: func() {}}, nil
	}
}

func isNil(conn grpc.ClientConnInterface) bool {
	value := reflect.ValueOf(conn)
	return conn == nil || value.Kind() == reflect.Pointer && value.IsNil()
}

// A comparison makes the calls on two connections and compares the outcomes.
type comparison struct {
	settings
	calls       Calls
	comparer    comparer
	rpcTimeout  time.Duration // for RPCs to end
	spanTimeout time.Duration // for spans to end and to become equal
}

func newComparison(calls Calls, s settings) comparison {
	return comparison{
		settings:    s,
		calls:       calls,
		comparer:    newComparer(s.cmpOptions),
		rpcTimeout:  5 * time.Second,
		spanTimeout: 2 * time.Second,
	}
}

// transports compares two transports that run one chain.
func (c comparison) transports(t testing.TB, want, got transport, chain inprocchain.Chain, register func(grpc.ServiceRegistrar)) {
	t.Helper()
	var outcomes []outcome
	for _, tr := range []transport{want, got} {
		r := newRecorder(false)
		outcomes = append(outcomes, c.run(t, tr.name, r, func(ctx context.Context) (*connection, error) {
			return tr.open(ctx, r.around(chain), register)
		}))
	}
	c.report(t, outcomes[0], outcomes[1])
}

// conns compares two connections that are already open.
func (c comparison) conns(t testing.TB, network, inProcess grpc.ClientConnInterface) {
	t.Helper()
	if conn, ok := network.(*grpc.ClientConn); ok {
		c.connect(t.Context(), conn)
	}
	want := c.run(t, onNetwork, newRecorder(true), existing(network))
	got := c.run(t, inThisProcess, newRecorder(true), existing(inProcess))
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
	effects    []any
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
	err = c.calls(ctx, callerConn{conn.conn, r})

	timeout, stop := context.WithTimeout(ctx, c.rpcTimeout)
	defer stop()
	r.awaitEnd(timeout)
	problems := r.stopOpen()
	cancel() // ends abandoned streams
	if err := conn.drain(c.rpcTimeout); err != nil {
		problems = append(problems, err.Error())
	}
	o := outcome{where: where, err: err, rpcs: r.records(), problems: problems, window: window}
	o.spansEnded = window.awaitEnd(c.spanTimeout)
	window.close()
	for _, effects := range c.effects {
		o.effects = append(o.effects, effects())
	}
	return o
}

func (c comparison) report(t testing.TB, want, got outcome) {
	t.Helper()
	for _, o := range []outcome{want, got} {
		for _, problem := range o.problems {
			t.Errorf("chaintest: %s, %s", o.where, problem)
		}
		if o.err != nil {
			t.Errorf("chaintest: %s, calls returned an error: %v; ignore the error of an RPC that is meant to fail", o.where, o.err)
		}
		if o.isUnimplemented() {
			t.Errorf("chaintest: %s, every RPC ended with Unimplemented; register the services that calls uses", o.where)
		}
	}
	if len(want.rpcs)+len(got.rpcs) == 0 {
		t.Error("chaintest: calls made no RPC, so there is nothing to compare; make RPCs on the connection that calls is given")
	}
	for _, difference := range c.comparer.rpcDifferences(want, got) {
		t.Errorf("chaintest: %s", difference)
	}
	for _, difference := range c.spanDifferences(want, got) {
		t.Errorf("chaintest: %s", difference)
	}
	for i := range want.effects {
		if !c.comparer.equal(want.effects[i], got.effects[i]) {
			t.Errorf("chaintest: what the function of WithEffects returned %s%s", header(want.where, got.where),
				indent(c.comparer.diff(want.effects[i], got.effects[i])))
		}
	}
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
