package telemetry_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/propagation"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	experimental "google.golang.org/grpc/experimental/opentelemetry"
	"google.golang.org/grpc/stats/opentelemetry"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/conformance/connect"
)

// The OpenTelemetry plugin of grpc-go provides only a DialOption and a ServerOption. So only
// a real ClientConn can run it, and of its parts only the two client interceptors, which
// report calls. The plugin reports attempts and the server side with stats handlers that it
// does not export. otelgrpc, in the chain, reports those in the trace of the plugin.
func TestPluginReportsCallsInProcess(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		call  func(context.Context, client) error
		code  codes.Code
		shape string // in-process, with otelgrpc below the plugin
	}{
		"unary":         {unary(codes.OK), codes.OK, "caller(client(client OK(server OK(handle))))"},
		"unary error":   {unary(codes.NotFound), codes.NotFound, "caller(client(client NOT_FOUND(server NOT_FOUND(handle))))"},
		"server stream": {download(3), codes.OK, "caller(client(client OK(server OK)))"},
		"client stream": {upload(3), codes.OK, "caller(client(client OK(server OK)))"},
		"bidi stream":   {chat(3, codes.OK), codes.OK, "caller(client(client OK(server OK)))"},
		"broken stream": {chat(1, codes.DataLoss), codes.DataLoss, "caller(client(client DATA_LOSS(server DATA_LOSS)))"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			service := newService()
			net, inproc := newObserver(), newObserver()
			network := connect.Network(t, inprocchain.NewChain(), service.register, net.plugin())
			wantSpans, wantMetrics := net.observeCalls(t, scenario{call: test.call, code: test.code}, service.client(network))

			channel := connOn(t, connect.InProcess(t, inproc.chain(), service.register), inproc.plugin())
			gotSpans, gotMetrics := inproc.observeCalls(t, scenario{call: test.call, code: test.code}, service.client(channel))
			if diff := cmp.Diff(wantSpans, gotSpans); diff != "" {
				t.Errorf("spans of calls (-network +in-process)\n%s", diff)
			}
			if diff := cmp.Diff(wantMetrics, gotMetrics); diff != "" {
				t.Errorf("metrics of calls (-network +in-process)\n%s", diff)
			}
			if got := shapeOf(t, inproc.endedSpans()); got != test.shape {
				t.Errorf("got %s, want %s", got, test.shape)
			}
		})
	}
}

func (o *observer) plugin() grpc.DialOption {
	return opentelemetry.DialOption(opentelemetry.Options{
		MetricsOptions: opentelemetry.MetricsOptions{MeterProvider: o.meters},
		TraceOptions: experimental.TraceOptions{
			TracerProvider:    o.tracers,
			TextMapPropagator: propagation.TraceContext{},
		},
	})
}

// connOn returns a connection that runs the interceptors of the options, and then its RPCs on
// ch. It never dials.
func connOn(t *testing.T, ch *inprocchain.Channel, options ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	cc, err := grpc.NewClient("passthrough:///inproc", append(options,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithChainUnaryInterceptor(func(ctx context.Context, method string, req, reply any, _ *grpc.ClientConn, _ grpc.UnaryInvoker, opts ...grpc.CallOption) error {
			return ch.Invoke(ctx, method, req, reply, opts...)
		}),
		grpc.WithChainStreamInterceptor(func(ctx context.Context, desc *grpc.StreamDesc, _ *grpc.ClientConn, method string, _ grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
			return ch.NewStream(ctx, desc, method, opts...)
		}),
	)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cc.Close() })
	return cc
}

// observeCalls returns the spans and metrics of calls that the plugin reports.
func (o *observer) observeCalls(t *testing.T, scenario scenario, client client) (spans, metrics []string) {
	t.Helper()
	ctx, caller := o.tracers.Tracer("caller").Start(t.Context(), "caller")
	if err := scenario.call(ctx, client); status.Code(err) != scenario.code {
		t.Errorf("got %v, want %v", err, scenario.code)
	}
	caller.End()
	without := func(prefix string) func(string) bool {
		return func(line string) bool { return !strings.Contains(line, prefix) }
	}
	spans = slices.DeleteFunc(treeOf(t, o.endedSpans()), without("client Sent."))
	metrics = slices.DeleteFunc(pointsOf(t, o.collect(t)), without("grpc.client.call."))
	if len(spans) != 1 || len(metrics) != 1 {
		t.Errorf("one call has %d spans and %d metrics, want one of each: %q, %q", len(spans), len(metrics), spans, metrics)
	}
	return spans, metrics
}
