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

// telemetry has the OpenTelemetry providers of an app. None of them is global.
type telemetry struct {
	tracers    *sdktrace.TracerProvider
	meters     *sdkmetric.MeterProvider
	metrics    *sdkmetric.ManualReader
	propagator propagation.TextMapPropagator
	collector  string // the address to which spans are exported; empty if they are not exported
}

// newTelemetry passes spans to the processor. The name is that of the process.
func newTelemetry(name string, spans sdktrace.SpanProcessor) *telemetry {
	service := resource.NewSchemaless(semconv.ServiceName(name))
	metrics := sdkmetric.NewManualReader()
	return &telemetry{
		tracers:    sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans), sdktrace.WithResource(service), sdktrace.WithIDGenerator(newSpanIDs())),
		meters:     sdkmetric.NewMeterProvider(sdkmetric.WithReader(metrics), sdkmetric.WithResource(service)),
		metrics:    metrics,
		propagator: propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{}),
	}
}

// exportTelemetry exports spans to a collector.
func exportTelemetry(ctx context.Context, name, collector string) (*telemetry, error) {
	exporter, err := otlptracegrpc.New(ctx,
		otlptracegrpc.WithEndpoint(collector),
		otlptracegrpc.WithInsecure(),
		// The exporter stops retrying before the program stops waiting for it, so that the
		// program reports the exporter's error.
		otlptracegrpc.WithRetry(otlptracegrpc.RetryConfig{
			Enabled: true, InitialInterval: time.Second, MaxInterval: time.Second, MaxElapsedTime: stopTimeout / 2,
		}),
	)
	if err != nil {
		return nil, fmt.Errorf("exporting to %s: %w; set -otlp to the address of a collector, such as localhost:4317", collector, err)
	}
	t := newTelemetry(name, sdktrace.NewBatchSpanProcessor(exporter))
	t.collector = collector
	return t, nil
}

// options returns the options for the stats handlers of both sides.
func (t *telemetry) options() []otelgrpc.Option {
	return []otelgrpc.Option{
		otelgrpc.WithTracerProvider(t.tracers),
		otelgrpc.WithMeterProvider(t.meters),
		otelgrpc.WithPropagators(t.propagator),
	}
}

// shutdown exports the remaining spans and stops the providers.
func (t *telemetry) shutdown(ctx context.Context) error {
	// The Shutdown method of a TracerProvider does not report spans that cannot be exported.
	flushErr := t.tracers.ForceFlush(ctx)
	if flushErr != nil && t.collector != "" {
		flushErr = fmt.Errorf("exporting to %s: %w; is a collector listening there?", t.collector, flushErr)
	}
	shutdownErr := errors.Join(t.tracers.Shutdown(ctx), t.meters.Shutdown(ctx))
	return cmp.Or(flushErr, shutdownErr) // If both are set, they have the same cause.
}
