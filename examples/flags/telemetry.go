package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/propagation"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

// telemetry is where spans and measurements go. Nothing of it is global.
type telemetry struct {
	tracers    *sdktrace.TracerProvider
	meters     *sdkmetric.MeterProvider
	measured   *sdkmetric.ManualReader
	propagator propagation.TextMapPropagator
	collector  string // empty if spans stay in the program
}

// newTelemetry gives spans to the processor.
func newTelemetry(spans sdktrace.SpanProcessor) *telemetry {
	service := resource.NewSchemaless(semconv.ServiceName("flags"))
	measured := sdkmetric.NewManualReader()
	return &telemetry{
		tracers:    sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans), sdktrace.WithResource(service)),
		meters:     sdkmetric.NewMeterProvider(sdkmetric.WithReader(measured), sdkmetric.WithResource(service)),
		measured:   measured,
		propagator: propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{}),
	}
}

// exportTelemetry sends spans to a collector.
func exportTelemetry(ctx context.Context, collector string) (*telemetry, error) {
	exporter, err := otlptracegrpc.New(ctx,
		otlptracegrpc.WithEndpoint(collector),
		otlptracegrpc.WithInsecure(),
		// It gives up before the program does, so that its error says why.
		otlptracegrpc.WithRetry(otlptracegrpc.RetryConfig{
			Enabled: true, InitialInterval: time.Second, MaxInterval: time.Second, MaxElapsedTime: stopTimeout / 2,
		}),
	)
	if err != nil {
		return nil, fmt.Errorf("exporting to %s: %w; give the collector's address, such as localhost:4317, with -otlp", collector, err)
	}
	t := newTelemetry(sdktrace.NewBatchSpanProcessor(exporter))
	t.collector = collector
	return t, nil
}

// options are what the stats handlers of both sides take.
func (t *telemetry) options() []otelgrpc.Option {
	return []otelgrpc.Option{
		otelgrpc.WithTracerProvider(t.tracers),
		otelgrpc.WithMeterProvider(t.meters),
		otelgrpc.WithPropagators(t.propagator),
	}
}

// shutdown sends what has not been sent.
func (t *telemetry) shutdown(ctx context.Context) error {
	// The tracers' Shutdown would not tell of spans that cannot be sent.
	flushed := t.tracers.ForceFlush(ctx)
	if flushed != nil && t.collector != "" {
		flushed = fmt.Errorf("exporting to %s: %w; is a collector listening there?", t.collector, flushed)
	}
	stopped := errors.Join(t.tracers.Shutdown(ctx), t.meters.Shutdown(ctx))
	return cmp.Or(flushed, stopped) // what stopped tells then has the same cause
}
