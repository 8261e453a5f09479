package chaintest

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain"
)

func TestWithCmpOptions(t *testing.T) {
	t.Parallel()
	ignoreValue := protocmp.IgnoreFields(&wrapperspb.StringValue{}, "value")
	for _, c := range []struct {
		name     string
		options  []cmp.Option
		failures int
	}{
		{"no options", nil, 1},
		{"another field ignored", []cmp.Option{protocmp.IgnoreFields(&wrapperspb.BytesValue{}, "value")}, 1},
		{"field ignored", []cmp.Option{ignoreValue}, 0},
		{"field ignored with protocmp.Transform", []cmp.Option{protocmp.Transform(), ignoreValue}, 0},
		{"comparer of all messages", []cmp.Option{cmp.Comparer(func(a, b proto.Message) bool {
			return a.ProtoReflect().Descriptor() == b.ProtoReflect().Descriptor()
		})}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			// The response, its size and the status details differ in each run.
			var runs atomic.Int64
			counted := unaryServer(func(_ context.Context, req any, _ grpc.UnaryHandler) (any, error) {
				id := wrapperspb.String(fmt.Sprintf("%0*d", 3*runs.Load(), runs.Load()))
				if req.(*wrapperspb.StringValue).Value == "fail" {
					st, err := status.New(codes.NotFound, "nothing").WithDetails(id)
					if err != nil {
						t.Error(err)
					}
					return nil, st.Err()
				}
				return id, nil
			})
			for _, message := range []string{"message", "fail"} {
				failures := failuresOf(t, func(t testing.TB) {
					Compare(t, inprocchain.NewChain(counted), register, func(ctx context.Context, cc grpc.ClientConnInterface) error {
						runs.Add(1)
						return ignoringError(callUnary(message))(ctx, cc)
					}, WithCmpOptions(c.options...))
				})
				mustHaveFailures(t, failures, c.failures)
			}
		})
	}
}

func TestWithEffects(t *testing.T) {
	t.Parallel()
	type line struct {
		Number int
		Text   string
	}
	for _, c := range []struct {
		name     string
		lines    [][]line // for each run
		opts     []Option
		wants    []string
		failures int
	}{
		{name: "equal", lines: [][]line{{{1, "a"}}, {{1, "a"}}}},
		{name: "none", lines: [][]line{nil, nil}},
		{name: "missing in-process", lines: [][]line{{{1, "a"}}, nil}, failures: 1, wants: []string{
			"chaintest: what the function of WithEffects returned differs (- on the network, + in-process):", `- {{Number: 1, Text: "a"}},`,
		}},
		{name: "different", lines: [][]line{{{1, "a"}}, {{2, "a"}}}, failures: 1, wants: []string{"- Number: 1, + Number: 2,"}},
		{name: "difference ignored", lines: [][]line{{{1, "a"}}, {{2, "a"}}}, opts: []Option{WithCmpOptions(cmpopts.IgnoreFields(line{}, "Number"))}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			runs := 0
			var added []line
			calls := func(ctx context.Context, cc grpc.ClientConnInterface) error {
				added = c.lines[runs]
				runs++
				return callUnary("message")(ctx, cc)
			}
			effects := WithEffects(func() any { return added })
			for name, compare := range map[string]func(t testing.TB){
				"Compare":      func(t testing.TB) { Compare(t, inprocchain.Chain{}, register, calls, append(c.opts, effects)...) },
				"CompareConns": nil,
			} {
				if compare == nil {
					onNetwork, inProcess := openConn(t, network), openConn(t, inProcess)
					compare = func(t testing.TB) { CompareConns(t, onNetwork, inProcess, calls, append(c.opts, effects)...) }
				}
				runs = 0
				failures := failuresOf(t, compare)
				mustFailWith(t, failures, c.wants...)
				mustHaveFailures(t, failures, c.failures)
				if t.Failed() {
					t.Log(name)
				}
			}
		})
	}
}

// A span processor may write effects when a span ends.
func TestWithEffectsIsCalledAfterSpansHaveEnded(t *testing.T) {
	t.Parallel()
	tt := newTraceTest()
	chain := inprocchain.NewChain(inprocchain.WithClientStatsHandlers(tt.client), inprocchain.WithServerStatsHandlers(tt.server))
	before := 0
	Compare(t, chain, register, callBoth, WithSpans(tt.spans), WithEffects(func() any {
		ended := len(tt.spans.Ended())
		added := ended - before
		before = ended
		if added != 4 {
			t.Errorf("%d spans have ended, want 4", added)
		}
		return added
	}))
}
