package telemetry_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	api "go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc/stats"

	"github.com/inprocchain/inprocchain"
)

// An observer records the spans and metrics of RPCs.
type observer struct {
	tracers *trace.TracerProvider
	spans   *tracetest.SpanRecorder
	meters  *metric.MeterProvider
	metrics *metric.ManualReader

	clientEnds, serverEnds endSignal
}

func newObserver() *observer {
	o := &observer{
		spans: tracetest.NewSpanRecorder(),
		// Each value is collected once.
		metrics: metric.NewManualReader(metric.WithTemporalitySelector(func(metric.InstrumentKind) metricdata.Temporality {
			return metricdata.DeltaTemporality
		})),
		clientEnds: make(endSignal, 100),
		serverEnds: make(endSignal, 100),
	}
	o.tracers = trace.NewTracerProvider(trace.WithSpanProcessor(o.spans))
	o.meters = metric.NewMeterProvider(metric.WithReader(o.metrics))
	return o
}

// options returns the options of otelgrpc's handlers.
func (o *observer) options() []otelgrpc.Option {
	return []otelgrpc.Option{
		otelgrpc.WithTracerProvider(o.tracers),
		otelgrpc.WithMeterProvider(o.meters),
		otelgrpc.WithPropagators(propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{})),
		otelgrpc.WithMessageEvents(otelgrpc.ReceivedEvents, otelgrpc.SentEvents),
	}
}

// chain has otelgrpc on both sides, each followed by a handler that signals the end
// of an RPC.
func (o *observer) chain() inprocchain.Chain {
	return inprocchain.NewChain(
		inprocchain.WithClientStatsHandlers(otelgrpc.NewClientHandler(o.options()...), o.clientEnds),
		inprocchain.WithServerStatsHandlers(otelgrpc.NewServerHandler(o.options()...), o.serverEnds),
	)
}

// endedSpans returns the spans that have ended, in the order in which they began. Their times do
// not tell this order if the clock is coarse.
func (o *observer) endedSpans() []trace.ReadOnlySpan {
	begun := map[api.SpanID]int{}
	for i, span := range o.spans.Started() {
		begun[span.SpanContext().SpanID()] = i
	}
	ended := o.spans.Ended()
	slices.SortStableFunc(ended, func(a, b trace.ReadOnlySpan) int {
		return begun[a.SpanContext().SpanID()] - begun[b.SpanContext().SpanID()]
	})
	return ended
}

// collect returns the metrics since the previous call.
func (o *observer) collect(t *testing.T) []metricdata.Metrics {
	t.Helper()
	var all metricdata.ResourceMetrics
	if err := o.metrics.Collect(context.Background(), &all); err != nil {
		t.Fatal(err)
	}
	var metrics []metricdata.Metrics
	for _, scope := range all.ScopeMetrics {
		metrics = append(metrics, scope.Metrics...)
	}
	return metrics
}

// An endSignal is a stats handler that receives a value at the end of each RPC.
type endSignal chan struct{}

func (e endSignal) HandleRPC(_ context.Context, event stats.RPCStats) {
	if _, ok := event.(*stats.End); ok {
		e <- struct{}{}
	}
}

func (e endSignal) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context   { return ctx }
func (e endSignal) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }
func (e endSignal) HandleConn(context.Context, stats.ConnStats)                       {}

// await waits for the end of one RPC.
func (e endSignal) await(t *testing.T) {
	t.Helper()
	select {
	case <-e:
	case <-time.After(10 * time.Second):
		t.Fatal("the stats handler has not received End")
	}
}

// requireEnded reports an error unless an RPC has already ended.
func (e endSignal) requireEnded(t *testing.T) {
	t.Helper()
	select {
	case <-e:
	default:
		t.Error("the client received its response before the stats handler received End")
	}
}
