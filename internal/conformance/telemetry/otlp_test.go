package telemetry_test

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"
	otelcodes "go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	collectorpb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/inprocchain/inprocchain"
)

// The OTLP exporter accepts only a *grpc.ClientConn. On that of a Channel, it delivers the
// same as over TCP, also after an error whose details say when to retry.
func TestOTLPExporterDeliversInProcessAsOverTCP(t *testing.T) {
	t.Parallel()
	spans := someSpans(t)

	overTCP := &collector{received: make(chan export, 1)}
	exportTo(t, tcp(t, overTCP), spans)
	want := <-overTCP.received

	inProcess := &collector{received: make(chan export, 1)}
	ch := inprocchain.New()
	collectorpb.RegisterTraceServiceServer(ch, inProcess)
	exportTo(t, ch.ClientConn(), spans)
	got := <-inProcess.received
	if err := ch.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}

	if diff := cmp.Diff(want, got, protocmp.Transform(), cmp.AllowUnexported(export{})); diff != "" {
		t.Errorf("(-tcp +in-process)\n%s", diff)
	}
	names := map[string]bool{}
	for _, resource := range got.request.GetResourceSpans() {
		for _, scope := range resource.GetScopeSpans() {
			for _, span := range scope.GetSpans() {
				names[span.GetName()] = true
			}
		}
	}
	if !names["caller"] || !names["audit"] {
		t.Errorf("got spans %v, want caller and audit to be two of them", names)
	}
}

// An export is an export that the collector has received, and the number of attempts.
type export struct {
	request  *collectorpb.ExportTraceServiceRequest
	tenant   []string
	attempts int
}

// A collector refuses the first attempt.
type collector struct {
	collectorpb.UnimplementedTraceServiceServer
	attempts int
	received chan export
}

func (c *collector) Export(ctx context.Context, req *collectorpb.ExportTraceServiceRequest) (*collectorpb.ExportTraceServiceResponse, error) {
	if c.attempts++; c.attempts == 1 {
		refused, err := status.New(codes.ResourceExhausted, "not yet").WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(time.Millisecond)})
		if err != nil {
			return nil, err
		}
		return nil, refused.Err()
	}
	c.received <- export{proto.CloneOf(req), metadata.ValueFromIncomingContext(ctx, "tenant"), c.attempts}
	return &collectorpb.ExportTraceServiceResponse{}, nil
}

func tcp(t *testing.T, collector *collector) *grpc.ClientConn {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	collectorpb.RegisterTraceServiceServer(server, collector)
	go server.Serve(listener)
	t.Cleanup(server.Stop)
	cc, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cc.Close() })
	return cc
}

func exportTo(t *testing.T, cc *grpc.ClientConn, spans []sdk.ReadOnlySpan) {
	t.Helper()
	exporter, err := otlptracegrpc.New(t.Context(),
		otlptracegrpc.WithGRPCConn(cc),
		otlptracegrpc.WithHeaders(map[string]string{"tenant": "blue"}),
		otlptracegrpc.WithRetry(otlptracegrpc.RetryConfig{Enabled: true, InitialInterval: time.Millisecond, MaxInterval: time.Second, MaxElapsedTime: time.Minute}),
	)
	if err != nil {
		t.Fatal(err)
	}
	if err := exporter.ExportSpans(t.Context(), spans); err != nil {
		t.Fatal(err)
	}
	if err := exporter.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func someSpans(t *testing.T) []sdk.ReadOnlySpan {
	t.Helper()
	observer := newObserver()
	tracer := observer.tracers.Tracer("caller")
	ctx, caller := tracer.Start(t.Context(), "caller", trace.WithSpanKind(trace.SpanKindClient))
	_, audit := tracer.Start(ctx, "audit", trace.WithLinks(trace.LinkFromContext(ctx)))
	audit.AddEvent("changed", trace.WithAttributes(attribute.StringSlice("flags", []string{"dark", "light"})))
	audit.SetStatus(otelcodes.Error, "not allowed")
	audit.End()
	caller.End()
	return observer.spans.Ended()
}
