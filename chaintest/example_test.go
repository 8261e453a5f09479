package chaintest_test

import (
	"context"
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/chaintest"
)

// This chain has an interceptor that accepts callers by the address of their
// connection. An in-process caller has another address, and Compare reports
// that it is refused.
func ExampleCompare() {
	local := func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		if from, _ := peer.FromContext(ctx); from.Addr.Network() != "bufconn" {
			return nil, status.Error(codes.PermissionDenied, "you are not local")
		}
		return handler(ctx, req)
	}
	chain := inprocchain.NewChain(inprocchain.WithUnaryServerInterceptors(local))

	t := printer{} // in a test, its *testing.T
	chaintest.Compare(t, chain, registerHealth, func(ctx context.Context, cc grpc.ClientConnInterface) error {
		_, err := healthpb.NewHealthClient(cc).Check(ctx, &healthpb.HealthCheckRequest{})
		return err
	})

	// Output:
	// chaintest: /grpc.health.v1.Health/Check, RPC 1 of 1, is not the same in-process as on the network: does an interceptor depend on the connection, such as on the peer's address? Both sides run the same Chain
	// chaintest: in-process, calls returned an error: rpc error: code = PermissionDenied desc = you are not local
}

// An RPC that fails is compared like any other. That it is meant to fail is said with
// WithErrorCode, so that calls need not check its error.
func ExampleCompare_rpcThatFails() {
	t := printer{} // in a test, its *testing.T
	chaintest.Compare(t, inprocchain.Chain{}, registerHealth, func(ctx context.Context, cc grpc.ClientConnInterface) error {
		_, err := healthpb.NewHealthClient(cc).Check(ctx, &healthpb.HealthCheckRequest{Service: "unknown"})
		return err
	}, chaintest.WithErrorCode(codes.NotFound))

	// Output:
}

// A service that calls another one needs a connection to it, which Compare does
// not provide: register makes a channel for it, with the same chain. Compare
// does not observe the RPCs on that channel one by one. The audit log shows that
// they were made on the network and in-process.
func ExampleCompare_servicesThatCallEachOther() {
	audit := new(auditLog)
	chain := inprocchain.NewChain(inprocchain.WithUnaryServerInterceptors(audit.intercept))
	register := func(registrar grpc.ServiceRegistrar) {
		channel := inprocchain.New(chain)
		services := inprocchain.MultiRegistrar(registrar, channel)
		registerNotebook(services)
		registerDiary(services, channel)
	}

	t := printer{} // in a test, its *testing.T
	chaintest.Compare(t, chain, register, writeDiary, chaintest.WithSideEffects(audit.newLines))

	// Output:
}

// The application gave its channel a chain without the audit log. Every response
// is the same, so CompareConns without options would report nothing. With the lines of
// the audit log as an effect, it does.
func ExampleCompareConns() {
	audit := new(auditLog)
	chain := inprocchain.NewChain(inprocchain.WithUnaryServerInterceptors(audit.intercept))
	app := newApp(chain, inprocchain.Chain{}, registerHealth)
	defer app.stop()

	t := printer{} // in a test, its *testing.T
	chaintest.CompareConns(t, app.conn, app.channel, func(ctx context.Context, cc grpc.ClientConnInterface) error {
		_, err := healthpb.NewHealthClient(cc).Check(ctx, &healthpb.HealthCheckRequest{})
		return err
	}, chaintest.WithSideEffects(audit.newLines))

	// Output:
	// chaintest: side effects differ (-network +in-process): is an interceptor or a stats handler missing on the Channel, or in another place than on the server?
}

// Both connections lead to one application here, so the calls on the network find what
// the calls in-process left behind, unless these remove their note.
func ExampleCompareConns_callsThatCleanUp() {
	app := newApp(inprocchain.Chain{}, inprocchain.Chain{}, registerNotebook)
	defer app.stop()

	t := printer{} // in a test, its *testing.T
	chaintest.CompareConns(t, app.conn, app.channel, func(ctx context.Context, cc grpc.ClientConnInterface) error {
		defer removeNote(ctx, cc, "milk")
		return addNote(ctx, cc, "milk")
	})
	fmt.Println("Without cleaning up:")
	chaintest.CompareConns(t, app.conn, app.channel, func(ctx context.Context, cc grpc.ClientConnInterface) error {
		return addNote(ctx, cc, "bread")
	})

	// Output:
	// Without cleaning up:
	// chaintest: /Notebook/Add, RPC 1 of 1, is not the same in-process as on the network: do both connections share state? Then undo the changes in calls, or take the connections from two applications
	// chaintest: on the network, calls returned an error: rpc error: code = AlreadyExists desc = note "bread" exists
}

// Both sides of Compare share the chain, so they share its rate limiter. Two applications
// have two rate limiters.
func ExampleCompareConns_interceptorsWithState() {
	newChain := func() inprocchain.Chain {
		left := 1
		return inprocchain.NewChain(inprocchain.WithUnaryServerInterceptors(
			func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
				if left == 0 {
					return nil, status.Error(codes.ResourceExhausted, "too many requests")
				}
				left--
				return handler(ctx, req)
			}))
	}
	t := printer{} // in a test, its *testing.T
	fmt.Println("One limiter:")
	chaintest.Compare(t, newChain(), registerHealth, check)

	fmt.Println("Two applications:")
	chain := newChain()
	first := newApp(chain, chain, registerHealth)
	defer first.stop()
	chain = newChain()
	second := newApp(chain, chain, registerHealth)
	defer second.stop()
	chaintest.CompareConns(t, first.conn, second.channel, check)

	// Output:
	// One limiter:
	// chaintest: /grpc.health.v1.Health/Check, RPC 1 of 1, is not the same in-process as on the network: does an interceptor have state, such as a rate limiter? Both sides share the Chain; build two applications and use CompareConns
	// chaintest: on the network, calls returned an error: rpc error: code = ResourceExhausted desc = too many requests
	// Two applications:
}
