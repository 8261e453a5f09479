package chaintest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/stats"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain"
)

func TestComparePassesIfBothSidesAreEqual(t *testing.T) {
	t.Parallel()
	for name, calls := range map[string]Calls{
		"unary": callUnary("message"), "failing unary": ignoringError(callUnary("fail")), "stream": callBidi,
		"unknown method after a known one": func(ctx context.Context, cc grpc.ClientConnInterface) error {
			_ = cc.Invoke(ctx, "/test.Service/Unknown", wrapperspb.String(""), new(wrapperspb.StringValue))
			return callUnary("message")(ctx, cc)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			Compare(t, inprocchain.Chain{}, register, calls)
		})
	}
}

func ignoringError(calls Calls) Calls {
	return func(ctx context.Context, cc grpc.ClientConnInterface) error {
		_ = calls(ctx, cc)
		return nil
	}
}

func TestCompareReportsErrorsOfCalls(t *testing.T) {
	t.Parallel()
	failures := failuresOf(t, func(t testing.TB) { Compare(t, inprocchain.Chain{}, register, callUnary("fail")) })
	const text = "calls returned an error: rpc error: code = NotFound desc = nothing; if it is meant to fail, use WithErrorCode(codes.NotFound)"
	mustFailWith(t, failures, "chaintest: on the network, "+text, "chaintest: in-process, "+text)
	mustHaveFailures(t, failures, 2)
}

func TestCompareReportsThatEveryRPCIsUnimplemented(t *testing.T) {
	t.Parallel()
	calls := func(ctx context.Context, cc grpc.ClientConnInterface) error {
		_ = callUnary("message")(ctx, cc)
		_ = callBidi(ctx, cc)
		return nil
	}
	failures := failuresOf(t, func(t testing.TB) {
		Compare(t, inprocchain.Chain{}, func(grpc.ServiceRegistrar) {}, calls)
	})
	const text = "every RPC ended with Unimplemented; register the services that calls uses"
	mustFailWith(t, failures, "chaintest: on the network, "+text, "chaintest: in-process, "+text)
	mustHaveFailures(t, failures, 2)
}

func TestCompareReportsStatsHandlersOutOfOrder(t *testing.T) {
	t.Parallel()
	r := newRecorder(false)
	first, second := firstServerHandler{r}, lastServerHandler{lastHandler{r}}
	ctx := second.TagRPC(first.TagRPC(t.Context(), &stats.RPCTagInfo{FullMethodName: unaryMethod}), nil)
	begin := &stats.Begin{}
	second.HandleRPC(ctx, begin)
	first.HandleRPC(ctx, begin)
	if text := fmt.Sprint(r.records()); !strings.Contains(text, outOfOrder.name) {
		t.Errorf("the records do not contain the wrong order:\n%s", text)
	}
}

func TestCompareReportsRPCsThatDoNotEnd(t *testing.T) {
	t.Parallel()
	abandon := func(ctx context.Context, cc grpc.ClientConnInterface) error {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		s, err := cc.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, bidiMethod)
		if err != nil {
			return err
		}
		return errors.Join(s.SendMsg(wrapperspb.String("message")), s.RecvMsg(new(wrapperspb.StringValue)))
	}
	background, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	uncancelable := withConn(fakeConn{open: func(cc grpc.ClientConnInterface, _ context.Context, desc *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
		return cc.NewStream(background, desc, method, opts...)
	}})
	failures := failuresOf(t, func(t testing.TB) {
		compareBriefly(t, uncancelable, abandon)
	})
	mustFailWith(t, failures,
		"in-process, "+bidiMethod+" has not ended on the client: receive from the stream until an error, or cancel its context",
		"in-process, "+bidiMethod+" has not ended on the server: its handler has not returned",
		"in-process, a handler did not return",
		"client, at the end: on the network only, event 1: stats End",
	)

	neverReceive := func(ctx context.Context, cc grpc.ClientConnInterface) error {
		_, err := cc.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, bidiMethod)
		return err
	}
	failures = failuresOf(t, func(t testing.TB) {
		compareBriefly(t, inProcess, neverReceive)
	})
	mustFailWith(t, failures, "on the network, "+bidiMethod+" has not ended on the client", "in-process, "+bidiMethod+" has not ended on the client")
}

// Compare must not wait for a handler that does not return, on neither side.
func TestCompareReportsHandlersThatDoNotReturn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		stuck := unaryServer(func(context.Context, any, grpc.UnaryHandler) (any, error) {
			<-release
			return nil, nil
		})
		failures := failuresOf(t, func(t testing.TB) {
			Compare(t, inprocchain.NewChain(stuck), register, func(ctx context.Context, cc grpc.ClientConnInterface) error {
				ctx, cancel := context.WithTimeout(ctx, time.Second)
				defer cancel()
				_ = callUnary("message")(ctx, cc)
				return nil
			})
		})
		close(release)
		mustFailWith(t, failures,
			"on the network, "+unaryMethod+" has not ended on the server: its handler has not returned",
			"in-process, "+unaryMethod+" has not ended on the server: its handler has not returned",
			"on the network, a handler did not return", "in-process, a handler did not return")
	})
}

// compareBriefly compares got with the network, with a short timeout for RPCs that do not
// end.
func compareBriefly(t testing.TB, got transport, calls Calls) {
	c := newComparison(calls, settings{})
	c.rpcTimeout = 100 * time.Millisecond
	c.transports(t, network, got, inprocchain.Chain{}, register)
}

func TestCompareReportsMisuse(t *testing.T) {
	t.Parallel()
	none := func(context.Context, grpc.ClientConnInterface) error { return nil }
	for _, c := range []struct {
		name, want string
		test       func(testing.TB)
	}{
		{"no RPC", "calls made no RPC", func(t testing.TB) { Compare(t, inprocchain.Chain{}, register, none) }},
		{"no register", "register and calls must not be nil", func(t testing.TB) { Compare(t, inprocchain.Chain{}, nil, none) }},
		{"no calls", "register and calls must not be nil", func(t testing.TB) { Compare(t, inprocchain.Chain{}, register, nil) }},
		{"nil option", "Compare: option 0 is nil", func(t testing.TB) { Compare(t, inprocchain.Chain{}, register, none, nil) }},
		{"nil spans", "WithSpans: spans is nil", func(t testing.TB) { Compare(t, inprocchain.Chain{}, register, none, WithSpans(nil)) }},
		{"nil effects", "WithSideEffects: effects is nil", func(t testing.TB) { Compare(t, inprocchain.Chain{}, register, none, WithSideEffects[int](nil)) }},
		{"nil function without effects", "WithoutSideEffects: effects is nil", func(t testing.TB) { Compare(t, inprocchain.Chain{}, register, none, WithoutSideEffects[int](nil)) }},
		{"error code OK", "WithErrorCode must be given once, with another code than OK", func(t testing.TB) { Compare(t, inprocchain.Chain{}, register, none, WithErrorCode(codes.OK)) }},
		{"two error codes", "WithErrorCode must be given once", func(t testing.TB) {
			Compare(t, inprocchain.Chain{}, register, none, WithErrorCode(codes.NotFound), WithErrorCode(codes.Aborted))
		}},
		{"unsupported option", "Compare: WithServerSpansOnly has no effect here", func(t testing.TB) {
			Compare(t, inprocchain.Chain{}, register, none, WithServerSpansOnly())
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			failures := failuresOf(t, c.test)
			mustFailWith(t, failures, c.want)
			mustHaveFailures(t, failures, 1)
		})
	}
}

func TestCompareDoesNotRecoverPanics(t *testing.T) {
	t.Parallel()
	defer func() {
		if got := recover(); got != "in calls" {
			t.Errorf("recovered %v", got)
		}
	}()
	Compare(t, inprocchain.Chain{}, register, func(ctx context.Context, cc grpc.ClientConnInterface) error {
		_ = callUnary("message")(ctx, cc)
		panic("in calls")
	})
}
