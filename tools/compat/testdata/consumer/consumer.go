// Package consumer is an application that serves in-process and over a network.
package consumer

import (
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/inprocchain/inprocchain"
)

func newChain(tracers trace.TracerProvider) inprocchain.Chain {
	options := []otelgrpc.Option{
		otelgrpc.WithTracerProvider(tracers),
		otelgrpc.WithPropagators(propagation.TraceContext{}),
	}
	return inprocchain.NewChain(
		inprocchain.WithServerStatsHandlers(otelgrpc.NewServerHandler(options...)),
		inprocchain.WithClientStatsHandlers(otelgrpc.NewClientHandler(options...)),
	)
}

func register(services grpc.ServiceRegistrar) {
	healthpb.RegisterHealthServer(services, health.NewServer())
}
