package monitor

import (
	"maps"
	"testing"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"google.golang.org/grpc"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/chaintest"
)

func TestServerMetricsHaveTheTransport(t *testing.T) {
	reader := metric.NewManualReader()
	meters := metric.NewMeterProvider(metric.WithReader(reader))
	chain := inprocchain.NewChain(inprocchain.WithServerStatsHandlers(otelgrpc.NewServerHandler(
		otelgrpc.WithMeterProvider(meters), otelgrpc.WithMetricAttributesFn(transport))))

	chaintest.Run(t, chain, registerHealth, func(t *testing.T, cc grpc.ClientConnInterface) {
		if _, err := healthpb.NewHealthClient(cc).Check(t.Context(), &healthpb.HealthCheckRequest{}); err != nil {
			t.Error(err)
		}
	})

	var got metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]uint64{"network": 1, "inproc": 1}
	if counts := durationCounts(got); !maps.Equal(counts, want) {
		t.Errorf("the RPCs by transport are %v, want %v", counts, want)
	}
}

// durationCounts returns the number of RPCs of each transport, which the histogram of their
// durations has.
func durationCounts(metrics metricdata.ResourceMetrics) map[string]uint64 {
	counts := map[string]uint64{}
	for _, scope := range metrics.ScopeMetrics {
		for _, m := range scope.Metrics {
			durations, ok := m.Data.(metricdata.Histogram[float64])
			if !ok {
				continue
			}
			for _, point := range durations.DataPoints {
				transport, _ := point.Attributes.Value("transport")
				counts[transport.AsString()] += point.Count
			}
		}
	}
	return counts
}
