package chaintest

import (
	"context"
	"reflect"
	"testing"

	"google.golang.org/grpc"

	"github.com/inprocchain/inprocchain"
)

// Calls is a function that makes RPCs. [Compare] and [CompareConns] call it twice, first
// for the in-process channel and then for the network. It must use the connection and the
// context that it is given. The context ends when the function has returned and its RPCs
// have ended.
//
// Calls must do the same thing each time, and undo what would make the second run
// different. It may make RPCs concurrently. If it returns an error, the test fails, unless
// [WithErrorCode] says that the calls are meant to fail. RPCs that fail are compared like all
// others, so if only some of several RPCs are meant to fail, ignore their errors.
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
// seconds after calls returned. It supports all options except [WithServerSpansOnly]. It
// stops the test if register or calls is nil or an option is invalid. A panic of calls is
// not recovered.
//
// Compare must be called from the goroutine of the test. It leaves no goroutine
// behind except those of handlers that do not return. Parallel tests may call it.
func Compare(t testing.TB, chain inprocchain.Chain, register func(grpc.ServiceRegistrar), calls Calls, opts ...Option) {
	t.Helper()
	if register == nil || calls == nil {
		t.Fatal("chaintest: Compare: register and calls must not be nil")
	}
	s := newSettings(t, "Compare", opts, comparing...)
	newComparison(calls, s).transports(t, network, inProcess, chain, register)
}

// CompareConns tests how an application is wired. It makes the calls twice, on a
// connection to the application's listener and on its in-process channel, and
// fails the test for every difference that the caller can see, RPC by RPC:
// responses, statuses with their details, headers, trailers, streamed messages,
// and what grpc.OnFinish reports. The failures say what differs and where.
//
// The caller does not see everything. For example, a missing audit log changes no
// response. [WithSpans] also compares the spans of the calls, and [WithSideEffects] anything
// else that they leave behind, such as the lines of an audit log. With these options
// CompareConns reports a missing or doubled stats handler, missing interceptors, and
// another order of interceptors if it has an effect. It also reports that there is no audit
// log, or no span of an RPC, on either connection. Another mistake that both
// connections have in common makes no difference that it could report.
//
// If a failure has a likely cause, its first line ends with a question that names it.
//
// Dial network as the clients of the application do, with the client side of the
// chain if the channel has one:
//
//	grpc.NewClient(address, append(chain.DialOptions(), grpc.WithTransportCredentials(…))...)
//
// CompareConns makes the calls first on inProcess, which may be a Channel, its
// ClientConn, or anything else that the application's own callers use, and then on network.
// If both connections lead to the same application, calls must undo its changes, because the
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
// ended five seconds after calls returned. It supports all options except
// [WithServerSpansOnly]. It stops the test if an argument is nil, if both
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
	s := newSettings(t, "CompareConns", opts, comparing...)
	newComparison(calls, s).conns(t, network, inProcess)
}

// comparing are the names of the options that Compare and CompareConns support.
var comparing = []string{"WithCmpOptions", "WithSpans", "WithSideEffects", "WithoutSideEffects", "WithErrorCode"}

func isNil(conn grpc.ClientConnInterface) bool {
	value := reflect.ValueOf(conn)
	return conn == nil || value.Kind() == reflect.Pointer && value.IsNil()
}
