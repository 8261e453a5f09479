package telemetry_test

import (
	"context"
	"testing"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/stats"

	"github.com/inprocchain/inprocchain/internal/conformance/connect"
)

// With the stats hooks of a bare inprocgrpc.Channel, otelgrpc measures 292 years for each
// RPC. That is the largest time.Duration.
func TestBareChannelReportsWrongDurations(t *testing.T) {
	t.Parallel()
	const years = 365.25 * 24 * 60 * 60 // in seconds
	for _, test := range []struct {
		name     string
		call     func(context.Context, client) error
		from, to float64 // the range of durations, in seconds
		conn     func(*testing.T, *observer, service) grpc.ClientConnInterface
	}{
		{"bare channel, unary", unary(codes.OK), 292 * years, 293 * years, bare},
		{"bare channel, stream", chat(1, codes.OK), 292 * years, 293 * years, bare},
		{"network, unary", unary(codes.OK), 0, minute, measuredNetwork},
		{"network, stream", chat(1, codes.OK), 0, minute, measuredNetwork},
		{"Channel, unary", unary(codes.OK), 0, minute, measuredChannel},
		{"Channel, stream", chat(1, codes.OK), 0, minute, measuredChannel},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			observer, service := newObserver(), newService()
			if err := test.call(t.Context(), service.client(test.conn(t, observer, service))); err != nil {
				t.Fatal(err)
			}
			observer.clientEnds.await(t)
			observer.serverEnds.await(t)
			durations := durationsOf(observer.collect(t))
			if len(durations) != 2 {
				t.Errorf("got durations %v, want one of the client and one of the server", durations)
			}
			for name, got := range durations {
				if got < test.from || got == 0 && !coarseClock || got >= test.to {
					t.Errorf("%s: got %.3g s, want %.3g to %.3g s", name, got, test.from, test.to)
				}
			}
		})
	}
}

func bare(_ *testing.T, o *observer, service service) grpc.ClientConnInterface {
	ch := (&inprocgrpc.Channel{}).
		WithClientStatsHandler(twoHandlers{otelgrpc.NewClientHandler(o.options()...), o.clientEnds}).
		WithServerStatsHandler(twoHandlers{otelgrpc.NewServerHandler(o.options()...), o.serverEnds})
	service.register(ch)
	return ch
}

// twoHandlers combines two stats handlers, because the hooks take only one.
type twoHandlers [2]stats.Handler

func (b twoHandlers) TagRPC(ctx context.Context, info *stats.RPCTagInfo) context.Context {
	return b[1].TagRPC(b[0].TagRPC(ctx, info), info)
}

func (b twoHandlers) HandleRPC(ctx context.Context, event stats.RPCStats) {
	b[0].HandleRPC(ctx, event)
	b[1].HandleRPC(ctx, event)
}

func (b twoHandlers) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }
func (b twoHandlers) HandleConn(context.Context, stats.ConnStats)                       {}

func measuredNetwork(t *testing.T, o *observer, service service) grpc.ClientConnInterface {
	return connect.Network(t, o.chain(), service.register)
}

func measuredChannel(t *testing.T, o *observer, service service) grpc.ClientConnInterface {
	return connect.InProcess(t, o.chain(), service.register)
}

func durationsOf(metrics []metricdata.Metrics) map[string]float64 {
	durations := map[string]float64{}
	for _, metric := range metrics {
		if data, ok := metric.Data.(metricdata.Histogram[float64]); ok {
			for _, point := range data.DataPoints {
				durations[metric.Name] += point.Sum
			}
		}
	}
	return durations
}
