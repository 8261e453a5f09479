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
)

// A tagger is a stats handler that leaves its name in the context and looks for
// those of others.
type tagger struct{ name string }

func (h tagger) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context {
	before, _ := ctx.Value(conformKey{}).(string)
	ctx = context.WithValue(ctx, conformKey{}, before+h.name)
	return metadata.AppendToOutgoingContext(ctx, "tagged", h.name)
}

func (h tagger) HandleRPC(ctx context.Context, s stats.RPCStats) {
	if begin, ok := s.(*stats.Begin); ok && ctx.Value(conformKey{}) != "ab" {
		begin.FailFast = !begin.FailFast // which is seen
	}
}

func (tagger) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

func (tagger) HandleConn(context.Context, stats.ConnStats) {}

func TestStatsHandlersTagContextsAsOnANetwork(t *testing.T) {
	conform(t, []conformance{{
		name: "two on each side",
		chain: []inprocchain.Option{
			inprocchain.WithClientStatsHandlers(tagger{"a"}, tagger{"b"}),
			inprocchain.WithServerStatsHandlers(tagger{"a"}, tagger{"b"}),
		},
		serve: testService{
			unary: func(ctx context.Context, _ *testText) (any, error) {
				return wrapperspb.String(fmt.Sprint(ctx.Value(conformKey{}))), nil
			},
			stream: func(ss grpc.ServerStream) error {
				if err := readAll(ss); err != nil {
					return err
				}
				return ss.SendMsg(wrapperspb.String(fmt.Sprint(ss.Context().Value(conformKey{}))))
			},
		},
	}}, withAll)
}

// An ender is a stats handler whose context has ended.
type ender struct{ tagger }

func (ender) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	return ctx
}

func TestAStatsHandlersContextEndsNoRPC(t *testing.T) {
	conform(t, []conformance{{
		name:  "of an RPC that is answered",
		chain: []inprocchain.Option{inprocchain.WithServerStatsHandlers(ender{})},
		calls: func(ctx context.Context, call testCaller) error { return call.unary(ctx) },
	}, {
		name:  "of an RPC that fails",
		chain: []inprocchain.Option{inprocchain.WithServerStatsHandlers(ender{})},
		serve: testService{unary: func(ctx context.Context, _ *testText) (any, error) { return nil, ctx.Err() }},
		calls: func(ctx context.Context, call testCaller) error { return call.unary(ctx) },
		code:  codes.Canceled,
	}})
}

func TestConcurrentRPCsGoAsOnANetwork(t *testing.T) {
	conform(t, []conformance{{
		name: "of every kind",
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
