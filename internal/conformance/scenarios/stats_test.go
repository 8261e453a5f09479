package scenarios_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/testservice"
)

// A contextTagger is a stats handler that adds its name to the context and checks
// the names in it.
type contextTagger struct {
	testservice.NoStats
	name string
}

func (h contextTagger) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context {
	before, _ := ctx.Value(contextKey{}).(string)
	ctx = context.WithValue(ctx, contextKey{}, before+h.name)
	return metadata.AppendToOutgoingContext(ctx, "tagged", h.name)
}

func (h contextTagger) HandleRPC(ctx context.Context, s stats.RPCStats) {
	if begin, ok := s.(*stats.Begin); ok && ctx.Value(contextKey{}) != "ab" {
		begin.FailFast = !begin.FailFast // chaintest reports the change.
	}
}

func TestStatsHandlersTagContextsAsOnANetwork(t *testing.T) {
	runScenarios(t, []scenario{{
		name: "two on each side",
		chain: []inprocchain.Option{
			inprocchain.WithClientStatsHandlers(contextTagger{name: "a"}, contextTagger{name: "b"}),
			inprocchain.WithServerStatsHandlers(contextTagger{name: "a"}, contextTagger{name: "b"}),
		},
		serve: testService{
			unary: func(ctx context.Context, _ *testText) (any, error) {
				return wrapperspb.String(fmt.Sprint(ctx.Value(contextKey{}))), nil
			},
			stream: func(ss grpc.ServerStream) error {
				if err := readAll(ss); err != nil {
					return err
				}
				return ss.SendMsg(wrapperspb.String(fmt.Sprint(ss.Context().Value(contextKey{}))))
			},
		},
	}}, callEveryKind)
}

// A canceledTagger is a stats handler that returns a canceled context.
type canceledTagger struct{ contextTagger }

func (canceledTagger) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	return ctx
}

func TestStatsHandlerContextDoesNotEndRPC(t *testing.T) {
	runScenarios(t, []scenario{{
		name:  "of an RPC that succeeds",
		chain: []inprocchain.Option{inprocchain.WithServerStatsHandlers(canceledTagger{})},
		calls: func(ctx context.Context, call testCaller) error { return call.unary(ctx) },
	}, {
		name:  "of an RPC that fails",
		chain: []inprocchain.Option{inprocchain.WithServerStatsHandlers(canceledTagger{})},
		serve: testService{unary: func(ctx context.Context, _ *testText) (any, error) { return nil, ctx.Err() }},
		calls: func(ctx context.Context, call testCaller) error { return call.unary(ctx) },
		code:  codes.Canceled,
	}})
}

func TestConcurrentRPCsBehaveAsOnANetwork(t *testing.T) {
	runScenarios(t, []scenario{{
		name: "every kind",
		serve: testService{unary: func(_ context.Context, req *testText) (any, error) {
			if req.Value == "3" {
				return nil, status.Error(codes.NotFound, req.Value)
			}
			return req, nil
		}},
		calls: func(ctx context.Context, call testCaller) error {
			var calls sync.WaitGroup
			for i := range 8 {
				message := fmt.Sprint(i)
				calls.Go(func() {
					ctx := metadata.AppendToOutgoingContext(ctx, "number", message)
					_ = call.Invoke(ctx, methodUnary, wrapperspb.String(message), new(testText))
					_ = call.exchange(ctx, methodBidiStream, message, message)
					_ = call.exchange(ctx, methodServerStream, message)
				})
			}
			calls.Wait()
			return nil
		},
	}})
}
