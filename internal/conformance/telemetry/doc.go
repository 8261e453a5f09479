// Package telemetry contains only tests. They compare the spans and metrics of RPCs on a
// network, on a Channel and on a bare inprocgrpc.Channel, with otelgrpc, grpc-go's
// OpenTelemetry plugin and Prometheus.
package telemetry
