package telemetry_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	provider "github.com/grpc-ecosystem/go-grpc-middleware/providers/prometheus"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/reflection"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/conformance/connect"
)

// The Prometheus provider of go-grpc-middleware counts and measures the same in-process as on
// a network.
func TestPrometheusCountsAsOnANetwork(t *testing.T) {
	t.Parallel()
	server := provider.NewServerMetrics(provider.WithServerHandlingTimeHistogram())
	client := provider.NewClientMetrics(
		provider.WithClientHandlingTimeHistogram(),
		provider.WithClientStreamSendHistogram(),
		provider.WithClientStreamRecvHistogram(),
	)
	registry := prometheus.NewRegistry()
	registry.MustRegister(server, client)
	chain := inprocchain.NewChain(
		inprocchain.WithUnaryServerInterceptors(server.UnaryServerInterceptor()),
		inprocchain.WithStreamServerInterceptors(server.StreamServerInterceptor()),
		inprocchain.WithUnaryClientInterceptors(client.UnaryClientInterceptor()),
		inprocchain.WithStreamClientInterceptors(client.StreamClientInterceptor()),
	)
	service := newService()
	all := connect.All(t, chain, service.register)
	counts := func(conn connect.Connection) map[string]float64 {
		before := gather(t, registry)
		for _, scenario := range []scenario{
			{call: unary(codes.OK)},
			{call: unary(codes.OK)},
			{call: unary(codes.NotFound), code: codes.NotFound},
			{call: download(3)},
			{call: upload(2)},
			{call: chat(4, codes.OK)},
			{call: chat(1, codes.NotFound), code: codes.NotFound},
		} {
			if err := scenario.call(t.Context(), service.client(conn.Conn)); status.Code(err) != scenario.code {
				t.Fatalf("%s: got %v, want %v", conn.Name, err, scenario.code)
			}
		}
		return since(before, gather(t, registry))
	}

	want := counts(all[0])
	const handled = `grpc_server_handled_total grpc_code="OK" grpc_method="UnaryCall" grpc_service="grpc.testing.TestService" grpc_type="unary"`
	if want[handled] != 2 {
		t.Errorf("network: %s: got %v, want 2, in %v", handled, want[handled], want)
	}
	for _, inprocess := range all[1:] {
		if diff := cmp.Diff(want, counts(inprocess)); diff != "" {
			t.Errorf("%s: (-network +in-process)\n%s", inprocess.Name, diff)
		}
	}
}

// The provider reads the methods of a Channel, as those of a server, for metrics that exist
// before the first RPC.
func TestPrometheusInitializesMetricsOfAllMethods(t *testing.T) {
	t.Parallel()
	service := newService()
	ch := connect.InProcess(t, inprocchain.NewChain(), service.register)
	server := grpc.NewServer()
	service.register(server)
	initialized := func(info reflection.ServiceInfoProvider) map[string]float64 {
		metrics := provider.NewServerMetrics()
		metrics.InitializeMetrics(info)
		registry := prometheus.NewRegistry()
		registry.MustRegister(metrics)
		return gather(t, registry)
	}
	want := initialized(server)
	if len(want) == 0 {
		t.Error("there are no metrics for the methods of a server")
	}
	if diff := cmp.Diff(want, initialized(ch)); diff != "" {
		t.Errorf("(-server +channel)\n%s", diff)
	}
}

// gather returns the values of counters and the numbers of observations of histograms, by
// metric and labels.
func gather(t *testing.T, registry *prometheus.Registry) map[string]float64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]float64{}
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			name := family.GetName() + labelsOf(metric)
			counts[name] = metric.GetCounter().GetValue()
			if histogram := metric.GetHistogram(); histogram != nil {
				counts[name] = float64(histogram.GetSampleCount())
				if mean := histogram.GetSampleSum() / counts[name]; mean < 0 || mean == 0 && !coarseClock || mean >= minute {
					t.Errorf("%s: a mean of %v seconds", name, mean)
				}
			}
		}
	}
	return counts
}

func labelsOf(metric *dto.Metric) string {
	var text strings.Builder
	for _, label := range metric.GetLabel() {
		fmt.Fprintf(&text, " %s=%q", label.GetName(), label.GetValue())
	}
	return text.String()
}

func since(before, after map[string]float64) map[string]float64 {
	counts := maps.Clone(after)
	for name := range counts {
		counts[name] -= before[name]
	}
	return counts
}
