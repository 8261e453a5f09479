package middleware_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"buf.build/go/protovalidate"
	"github.com/google/go-cmp/cmp"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/auth"
	protovalidating "github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/protovalidate"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/ratelimit"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/recovery"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/retry"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/selector"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/timeout"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/validator"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/chaintest"
	"github.com/inprocchain/inprocchain/internal/conformance/connect"
)

// The interceptors of go-grpc-middleware behave in-process as on a network.
func TestMiddlewareBehavesAsOnANetwork(t *testing.T) {
	t.Parallel()
	for _, test := range middlewareCases {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var log journal
			for _, conn := range connect.All(t, test.chain(&log), pingServices) {
				got := log.during(func() []string { return test.calls.make(t.Context(), conn.Conn) })
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Errorf("%s: (-want +got)\n%s", conn.Name, diff)
				}
			}
		})
	}
}

// They also have the same effects on the interceptors and stats handlers around them.
func TestMiddlewareIsEqualForInterceptors(t *testing.T) {
	t.Parallel()
	for _, test := range middlewareCases {
		if test.varies {
			continue
		}
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			chaintest.Compare(t, test.chain(new(journal)), pingServices, func(ctx context.Context, cc grpc.ClientConnInterface) error {
				test.calls.make(ctx, cc)
				return nil
			})
		})
	}
}

var middlewareCases = []struct {
	name  string
	chain func(*journal) inprocchain.Chain
	calls calls
	want  []string // the results of the caller, then the log lines of each side
	// varies is set if results vary on a network: a client may report success to its stats
	// handlers if a stream is refused while it sends, and the text of a passed deadline
	// varies.
	varies bool
}{{
	name:  "recovery",
	chain: recovering,
	calls: calls{ping("panic"), list("panic"), ping("fail"), list("cancel"), ping("hello")},
	want: []string{
		`Ping: Internal "recovered: at Ping"`,
		`PingList: Internal "recovered: at PingList"`,
		`Ping: Unknown "disk full"`,
		`PingList: Canceled "context canceled"`,
		`Ping: "hello nobody"`,
	},
}, {
	name:   "auth",
	varies: true,
	chain:  authenticating,
	calls:  calls{as("", ping("hello")), as("alice", ping("hello")), as("mallory", list("hello")), as("alice", list("hello"))},
	want: []string{
		`Ping: Unauthenticated "Request unauthenticated with bearer"`,
		`Ping: "hello alice"`,
		`PingList: PermissionDenied "mallory is not allowed"`,
		`PingList: "hello alice" "hello again"`,
	},
}, {
	name:   "selector",
	varies: true,
	chain:  authenticatingLists,
	calls:  calls{ping("hello"), list("hello"), as("alice", list("hello"))},
	want: []string{
		`Ping: "hello nobody"`,
		`PingList: Unauthenticated "Request unauthenticated with bearer"`,
		`PingList: "hello alice" "hello again"`,
	},
}, {
	name:   "ratelimit on the server",
	varies: true,
	chain:  limitingServer,
	calls:  calls{ping("hello"), ping("hello"), list("hello"), list("hello")},
	want: []string{
		`Ping: "hello nobody"`,
		`Ping: ResourceExhausted "/testing.testpb.v1.TestService/Ping is rejected by grpc_ratelimit middleware, please retry later. every other one"`,
		`PingList: "hello nobody" "hello again"`,
		`PingList: ResourceExhausted "/testing.testpb.v1.TestService/PingList is rejected by grpc_ratelimit middleware, please retry later. every other one"`,
	},
}, {
	name:  "ratelimit on the client",
	chain: limitingClient,
	calls: calls{ping("hello"), list("hello")},
	want: []string{
		`Ping: "hello nobody"`,
		`PingList: ResourceExhausted "/testing.testpb.v1.TestService/PingList is rejected by grpc_ratelimit middleware, please retry later. every other one"`,
	},
}, {
	name:  "retry",
	chain: retrying,
	calls: calls{ping("third time"), list("third time"), ping("never")},
	want: []string{
		`Ping: "third time nobody"`,
		`PingList: "third time nobody" "third time again"`,
		`Ping: Unavailable "attempt 3"`,
		`client: retry 1 after attempt 1`, `client: retry 2 after attempt 2`,
		`client: retry 1 after attempt 1`, `client: retry 2 after attempt 2`,
		`client: retry 1 after attempt 1`, `client: retry 2 after attempt 2`,
	},
}, {
	name:   "timeout",
	varies: true,
	chain:  timingOut,
	calls:  calls{ping("until"), ping("wait")},
	want: []string{
		`Ping: "until a deadline"`,
		`Ping: DeadlineExceeded`,
	},
}, {
	name:  "validator on the server",
	chain: validatingServer,
	calls: calls{ping("hello"), pingFor("hello", 10001), list("hello"), listFor("hello", 10001)},
	want: []string{
		`Ping: "hello nobody"`,
		`Ping: InvalidArgument "cannot sleep for more than 10s"`,
		`PingList: "hello nobody" "hello again"`,
		`PingList: InvalidArgument "cannot sleep for more than 10s"`,
	},
}, {
	name:  "validator on the client",
	chain: validatingClient,
	calls: calls{ping("hello"), pingFor("hello", 10001)},
	want: []string{
		`Ping: "hello nobody"`,
		`Ping: InvalidArgument "cannot sleep for more than 10s"`,
	},
}, {
	name:  "protovalidate",
	chain: protovalidatingServer,
	calls: calls{send("a@example.com"), send("%any"), sendStream("a@example.com"), sendStream("%any")},
	want: []string{
		`Send: OK`,
		`Send: InvalidArgument "validation error:\n - message: value must be a valid email address [string.email]" *validate.Violations`,
		`SendStream: 10 messages`,
		`SendStream: InvalidArgument "validation error:\n - message: value must be a valid email address [string.email]" *validate.Violations`,
	},
}, {
	name:  "logging",
	chain: logged,
	calls: calls{ping("hello"), list("hello")},
	want:  wantLogged,
}}

func recovering(*journal) inprocchain.Chain {
	handler := recovery.WithRecoveryHandler(func(p any) error { return status.Errorf(codes.Internal, "recovered: %v", p) })
	return inprocchain.NewChain(
		inprocchain.WithUnaryServerInterceptors(recovery.UnaryServerInterceptor(handler)),
		inprocchain.WithStreamServerInterceptors(recovery.StreamServerInterceptor(handler)),
	)
}

func authenticating(*journal) inprocchain.Chain {
	return inprocchain.NewChain(
		inprocchain.WithUnaryServerInterceptors(auth.UnaryServerInterceptor(authenticate)),
		inprocchain.WithStreamServerInterceptors(auth.StreamServerInterceptor(authenticate)),
	)
}

func authenticate(ctx context.Context) (context.Context, error) {
	user, err := auth.AuthFromMD(ctx, "bearer")
	if err != nil {
		return nil, err
	}
	if user != "alice" {
		return nil, status.Errorf(codes.PermissionDenied, "%s is not allowed", user)
	}
	return withUser(ctx, user), nil
}

func authenticatingLists(*journal) inprocchain.Chain {
	lists := selector.MatchFunc(func(_ context.Context, call interceptors.CallMeta) bool { return call.Method == "PingList" })
	return inprocchain.NewChain(
		inprocchain.WithUnaryServerInterceptors(selector.UnaryServerInterceptor(auth.UnaryServerInterceptor(authenticate), lists)),
		inprocchain.WithStreamServerInterceptors(selector.StreamServerInterceptor(auth.StreamServerInterceptor(authenticate), lists)),
	)
}

// everyOther allows the first RPC, the third and so on.
type everyOther struct{ calls atomic.Int64 }

func (e *everyOther) Limit(context.Context) error {
	if e.calls.Add(1)%2 == 0 {
		return errors.New("every other one")
	}
	return nil
}

func limitingServer(*journal) inprocchain.Chain {
	limiter := new(everyOther)
	return inprocchain.NewChain(
		inprocchain.WithUnaryServerInterceptors(ratelimit.UnaryServerInterceptor(limiter)),
		inprocchain.WithStreamServerInterceptors(ratelimit.StreamServerInterceptor(limiter)),
	)
}

func limitingClient(*journal) inprocchain.Chain {
	limiter := new(everyOther)
	return inprocchain.NewChain(
		inprocchain.WithUnaryClientInterceptors(ratelimit.UnaryClientInterceptor(limiter)),
		inprocchain.WithStreamClientInterceptors(ratelimit.StreamClientInterceptor(limiter)),
	)
}

func retrying(log *journal) inprocchain.Chain {
	options := []retry.CallOption{
		retry.WithMax(3),
		retry.WithCodes(codes.Unavailable),
		retry.WithBackoff(retry.BackoffLinear(0)),
		retry.WithOnRetryCallback(func(_ context.Context, attempt uint, err error) {
			log.client(fmt.Sprintf("retry %d after %s", attempt, status.Convert(err).Message()))
		}),
	}
	return inprocchain.NewChain(
		inprocchain.WithUnaryClientInterceptors(retry.UnaryClientInterceptor(options...)),
		inprocchain.WithStreamClientInterceptors(retry.StreamClientInterceptor(options...)),
	)
}

func timingOut(*journal) inprocchain.Chain {
	return inprocchain.NewChain(inprocchain.WithUnaryClientInterceptors(timeout.UnaryClientInterceptor(500 * time.Millisecond)))
}

func validatingServer(*journal) inprocchain.Chain {
	return inprocchain.NewChain(
		inprocchain.WithUnaryServerInterceptors(validator.UnaryServerInterceptor()),
		inprocchain.WithStreamServerInterceptors(validator.StreamServerInterceptor()),
	)
}

func validatingClient(*journal) inprocchain.Chain {
	return inprocchain.NewChain(inprocchain.WithUnaryClientInterceptors(validator.UnaryClientInterceptor()))
}

func protovalidatingServer(*journal) inprocchain.Chain {
	return inprocchain.NewChain(
		inprocchain.WithUnaryServerInterceptors(protovalidating.UnaryServerInterceptor(protovalidate.GlobalValidator)),
		inprocchain.WithStreamServerInterceptors(protovalidating.StreamServerInterceptor(protovalidate.GlobalValidator)),
	)
}
