package chaintest

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp/cmpopts"
	"go.opentelemetry.io/otel/attribute"
	otelcodes "go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain"
)

// compareSpans compares the spans of two connections that have these stats
// handlers, and returns the failures.
func (tt traceTest) compareSpans(t *testing.T, onNetwork, inProc []stats.Handler, calls Calls, opts ...Option) []string {
	t.Helper()
	open := func(over transport, handlers []stats.Handler) grpc.ClientConnInterface {
		var chain []inprocchain.Option
		for _, h := range handlers {
			if h.(tracing).kind == trace.SpanKindClient {
				chain = append(chain, inprocchain.WithClientStatsHandlers(h))
			} else {
				chain = append(chain, inprocchain.WithServerStatsHandlers(h))
			}
		}
		if tt.database {
			chain = append(chain, tt.databaseSpans())
		}
		return openConn(t, over, chain...)
	}
	want, got := open(network, onNetwork), open(inProcess, inProc)
	return failuresOf(t, func(t testing.TB) {
		c := newComparison(calls, newSettings(t, "CompareConns", append(opts, WithSpans(tt.spans)), "WithSpans", "WithCmpOptions"))
		c.lateTimeout = 50 * time.Millisecond
		c.conns(t, want, got)
	})
}

func TestWithSpansPassesIfTheSpansAreEqual(t *testing.T) {
	t.Parallel()
	for name, calls := range map[string]Calls{
		"both":    callBoth,
		"failing": ignoringError(callUnary("fail")),
		"concurrent RPCs": func(ctx context.Context, cc grpc.ClientConnInterface) error {
			errs := make(chan error)
			for range 10 {
				go func() { errs <- callBoth(ctx, cc) }()
			}
			var err error
			for range 10 {
				err = errors.Join(err, <-errs)
			}
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tt := newTraceTest()
			handlers := []stats.Handler{tt.client, tt.server}
			for range 2 { // The second comparison ignores the spans of the first.
				mustHaveFailures(t, tt.compareSpans(t, handlers, handlers, calls), 0)
			}
		})
	}
}

func TestCompareWithSpans(t *testing.T) {
	t.Parallel()
	tt := newTraceTest()
	chain := inprocchain.NewChain(inprocchain.WithClientStatsHandlers(tt.client), inprocchain.WithServerStatsHandlers(tt.server))
	Compare(t, chain, register, callBoth, WithSpans(tt.spans))

	var runs atomic.Int64
	tt.server.change = func(span trace.Span) { span.SetAttributes(attribute.Int64("run", runs.Add(1))) }
	chain = inprocchain.NewChain(inprocchain.WithClientStatsHandlers(tt.client), inprocchain.WithServerStatsHandlers(tt.server))
	failures := failuresOf(t, func(t testing.TB) {
		c := newComparison(callUnary(""), newSettings(t, "Compare", []Option{WithSpans(tt.spans)}, "WithSpans"))
		c.lateTimeout = 50 * time.Millisecond
		c.transports(t, network, inProcess, chain, register)
	})
	mustFailWith(t, failures, `chaintest: client span "test.Service/Unary" > server span "test.Service/Unary" differs (-network +in-process):`,
		`- "run": int64(2), + "run": int64(1),`)
	mustHaveFailures(t, failures, 1)
}

func TestWithSpansReportsDifferences(t *testing.T) {
	t.Parallel()
	const client, server = `client span "test.Service/Unary"`, `server span "test.Service/Unary"`
	changed := func(change func(trace.Span)) func(traceTest) []stats.Handler {
		return func(tt traceTest) []stats.Handler {
			tt.server.change = change
			return []stats.Handler{tt.client, tt.server}
		}
	}
	for _, c := range []struct {
		name      string
		inProcess func(traceTest) []stats.Handler
		wants     []string
		failures  int
	}{
		{"no handler", noHandler, []string{"chaintest: in-process, no span of an RPC: did the call make an RPC, and is the server's stats handler on the channel, too?"}, 1},
		{"no server handler", clientOnce, []string{"chaintest: in-process, no server span for " + unaryMethod + ": is the server's stats handler on the channel, too?"}, 1},
		{"no client handler", serverOnce, []string{"chaintest: in-process, no client span for " + unaryMethod + ": is the client's stats handler on the channel, too?"}, 1},
		{"server handler twice", func(tt traceTest) []stats.Handler { return []stats.Handler{tt.client, tt.server, tt.server} }, []string{
			"chaintest: in-process, more than one server span for " + unaryMethod + ": is its stats handler registered twice?",
		}, 1},
		{"propagation lost", func(tt traceTest) []stats.Handler {
			tt.server.unlinked = true
			return []stats.Handler{tt.client, tt.server}
		}, []string{"chaintest: in-process, the server span for " + unaryMethod + " is not a child of its client span: is the context of the RPC passed on"}, 1},
		{"name", changed(func(span trace.Span) { span.SetName("other") }), []string{
			client + " > " + server + " was recorded only on the network: " + otherChain,
			client + ` > server span "other" was recorded only in-process: ` + otherChain,
		}, 2},
		{"status", changed(func(span trace.Span) { span.SetStatus(otelcodes.Error, "bad") }), []string{
			client + " > " + server + " differs", `- Status: "Unset", + Status: "Error bad",`,
		}, 1},
		{"attribute", changed(func(span trace.Span) { span.SetAttributes(attribute.String("key", "value")) }), []string{
			client + " > " + server + " differs", `+ "key": string("value"),`,
		}, 1},
		{"event", changed(func(span trace.Span) {
			span.AddEvent("audit", trace.WithAttributes(attribute.String("actor", "alice")))
		}), []string{client + " > " + server + " differs", `Name: "audit", Attributes: map[attribute.Key]any{"actor": string("alice")}`}, 1},
		{"not ended", func(tt traceTest) []stats.Handler {
			tt.server.unended = true
			return []stats.Handler{tt.client, tt.server}
		}, []string{"chaintest: in-process, the server span for " + unaryMethod + " has not ended"}, 1},
		{"span of a handler not ended", changed(func(span trace.Span) {
			span.TracerProvider().Tracer("database").Start(trace.ContextWithSpan(context.Background(), span), "query")
		}), []string{
			client + " > " + server + ` > internal span "query" was recorded only in-process: ` + otherChain,
			client + " > " + server + ` > internal span "query" has not ended in-process: ` + noEnd,
		}, 2},
		{"addresses only", changed(func(span trace.Span) {
			span.SetAttributes(attribute.String("server.address", "here"), attribute.Int("network.peer.port", 1))
		}), nil, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			tt := newTraceTest()
			failures := tt.compareSpans(t, []stats.Handler{tt.client, tt.server}, c.inProcess(tt), callUnary("message"))
			mustFailWith(t, failures, c.wants...)
			mustHaveFailures(t, failures, c.failures)
		})
	}
}

func TestWithSpansReadsSeveralRecorders(t *testing.T) {
	t.Parallel()
	tt := newTraceTest()
	serverSpans := tracetest.NewSpanRecorder()
	tt.server.tracer = sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(serverSpans)).Tracer("test")
	handlers := []stats.Handler{tt.client, tt.server}
	mustHaveFailures(t, tt.compareSpans(t, handlers, handlers, callBoth, WithSpans(serverSpans)), 0)
	failures := tt.compareSpans(t, handlers, []stats.Handler{tt.client}, callBoth, WithSpans(serverSpans))
	mustFailWith(t, failures, "in-process, no server span for "+unaryMethod+", "+bidiMethod)
	mustHaveFailures(t, failures, 1)
}

func TestWithSpansAppliesCmpOptionsToAttributes(t *testing.T) {
	t.Parallel()
	tt := newTraceTest()
	var id atomic.Int64
	tt.server.change = func(span trace.Span) {
		span.SetAttributes(attribute.Int64("id", id.Add(1)))
		span.AddEvent("event", trace.WithAttributes(attribute.String("id", strconv.FormatInt(id.Load(), 10))))
	}
	handlers := []stats.Handler{tt.client, tt.server}
	ignore := WithCmpOptions(cmpopts.IgnoreMapEntries(func(key attribute.Key, _ any) bool { return key == "id" }))
	mustHaveFailures(t, tt.compareSpans(t, handlers, handlers, callUnary("message"), ignore), 0)
	mustHaveFailures(t, tt.compareSpans(t, handlers, handlers, callUnary("message")), 1)
}

// On a network, the server's span may end after the client has the response.
func TestWithSpansWaitsForSpansThatEndLate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tt := newTraceTest()
		late := tt.server
		late.change = func(trace.Span) { time.Sleep(time.Second) }
		want := openConn(t, network, inprocchain.WithClientStatsHandlers(tt.client), inprocchain.WithServerStatsHandlers(late))
		got := openConn(t, inProcess, inprocchain.WithClientStatsHandlers(tt.client), inprocchain.WithServerStatsHandlers(tt.server))
		before := 0
		CompareConns(t, want, got, callUnary("message"), WithSpans(tt.spans), WithSideEffects(func() int {
			ended := len(tt.spans.Ended()) - before
			before += ended
			return ended
		}))
	})
}

// On a network, a client may return before the server begins its span. The span then
// begins while the calls are made in-process, or later.
func TestWithSpansWaitsForSpansThatBeginLate(t *testing.T) {
	t.Parallel()
	const timeout = time.Millisecond
	for _, delay := range []time.Duration{timeout * 3 / 2, time.Second} {
		t.Run(delay.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				tt := newTraceTest()
				late := tt.server
				late.delay = delay
				open := func(over transport, server tracing) grpc.ClientConnInterface {
					return openConn(t, over, inprocchain.WithClientStatsHandlers(tt.client), inprocchain.WithServerStatsHandlers(server),
						unaryServer(func(ctx context.Context, _ any, _ grpc.UnaryHandler) (any, error) {
							<-ctx.Done()
							return nil, ctx.Err()
						}))
				}
				CompareConns(t, open(network, late), open(inProcess, tt.server), func(ctx context.Context, cc grpc.ClientConnInterface) error {
					ctx, cancel := context.WithTimeout(ctx, timeout)
					defer cancel()
					if err := callUnary("message")(ctx, cc); status.Code(err) != codes.DeadlineExceeded {
						return fmt.Errorf("got %v, want DeadlineExceeded", err)
					}
					return nil
				}, WithSpans(tt.spans))
			})
		})
	}
}

func TestWithSpansReportsADifferentParent(t *testing.T) {
	t.Parallel()
	tt := newTraceTest()
	unlinked := tt.server
	unlinked.unlinked = true
	calls := func(ctx context.Context, cc grpc.ClientConnInterface) error {
		md := metadata.MD{}
		propagation.TraceContext{}.Inject(ctx, carrier(md))
		return cc.Invoke(metadata.NewOutgoingContext(ctx, md), unaryMethod, wrapperspb.String(""), new(wrapperspb.StringValue))
	}
	failures := tt.compareSpans(t, []stats.Handler{tt.server}, []stats.Handler{unlinked}, calls)
	mustFailWith(t, failures, `server span "test.Service/Unary" differs`, `- Parent: "the context of calls", + Parent: "none",`)
	mustHaveFailures(t, failures, 1)
}
