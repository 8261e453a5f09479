package telemetry_test

import (
	"context"
	"testing"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"google.golang.org/grpc/stats"

	"github.com/inprocchain/inprocchain"
)

// An observer sees RPCs through OpenTelemetry.
type observer struct {
	tracers *trace.TracerProvider
	spans   *tracetest.SpanRecorder
	meters  *metric.MeterProvider
	metrics *metric.ManualReader

	clientEnds, serverEnds ends
}

func newObserver() *observer {
	o := &observer{
		spans: tracetest.NewSpanRecorder(),
		// What is collected once is not collected again.
		metrics: metric.NewManualReader(metric.WithTemporalitySelector(func(metric.InstrumentKind) metricdata.Temporality {
			return metricdata.DeltaTemporality
		})),
		clientEnds: make(ends, 100),
		serverEnds: make(ends, 100),
	}
	o.tracers = trace.NewTracerProvider(trace.WithSpanProcessor(o.spans))
	o.meters = metric.NewMeterProvider(metric.WithReader(o.metrics))
	return o
}

// options are those of otelgrpc's handlers.
func (o *observer) options() []otelgrpc.Option {
	return []otelgrpc.Option{
		otelgrpc.WithTracerProvider(o.tracers),
		otelgrpc.WithMeterProvider(o.meters),
		otelgrpc.WithPropagators(propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{})),
		otelgrpc.WithMessageEvents(otelgrpc.ReceivedEvents, otelgrpc.SentEvents),
	}
}

// chain has otelgrpc on both sides, and after it, on each, what knows that it
// has seen an RPC to its end.
func (o *observer) chain() inprocchain.Chain {
	return inprocchain.NewChain(
		inprocchain.WithClientStatsHandlers(otelgrpc.NewClientHandler(o.options()...), o.clientEnds),
		inprocchain.WithServerStatsHandlers(otelgrpc.NewServerHandler(o.options()...), o.serverEnds),
	)
}

// collect returns the metrics since it was called before.
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

// ends is a stats handler that tells of each RPC's end.
type ends chan struct{}

func (e ends) HandleRPC(_ context.Context, event stats.RPCStats) {
	if _, ok := event.(*stats.End); ok {
		e <- struct{}{}
	}
}

func (e ends) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context   { return ctx }
func (e ends) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }
func (e ends) HandleConn(context.Context, stats.ConnStats)                       {}

// await waits for one RPC's end.
func (e ends) await(t *testing.T) {
	t.Helper()
	select {
	case <-e:
	case <-time.After(10 * time.Second):
		t.Fatal("the end of the RPC was never told")
	}
}

// must fails unless an RPC has ended already.
func (e ends) must(t *testing.T) {
	t.Helper()
	select {
	case <-e:
	default:
		t.Error("the client has its answer before the stats of the RPC have ended")
	}
}
