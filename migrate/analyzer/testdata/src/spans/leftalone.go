package spans

import (
	"context"

	"example.com/audit"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
)

// In what follows, the events are on a span.

func inside() *grpc.Server {
	return grpc.NewServer(
		grpc.ChainUnaryInterceptor(recovered, otelgrpc.UnaryServerInterceptor(), audit.Events("audit"), recorded),
		grpc.ChainStreamInterceptor(otelgrpc.StreamServerInterceptor(), streamEvents),
	)
}

func withStatsHandler() *grpc.Server {
	return grpc.NewServer(
		grpc.ChainUnaryInterceptor(audit.Events("audit"), recorded),
		grpc.StatsHandler(otelgrpc.NewServerHandler()),
	)
}

func withBoth() *grpc.Server {
	interceptors := []grpc.UnaryServerInterceptor{
		audit.Events("audit"),
		otelgrpc.UnaryServerInterceptor(), // want `otelgrpc is on the same server`
	}
	return grpc.NewServer(grpc.ChainUnaryInterceptor(interceptors...), grpc.StatsHandler(otelgrpc.NewServerHandler()))
}

func ownSpan(tracer trace.Tracer) grpc.ServerOption {
	return grpc.ChainUnaryInterceptor(audit.Traced(tracer), named, otelgrpc.UnaryServerInterceptor())
}

func named(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	trace.SpanFromContext(ctx).SetName(info.FullMethod)
	var span trace.Span
	if span != nil {
		span.AddEvent("of another span")
	}
	return handler(ctx, req)
}

func eitherOr(tracing bool) grpc.ServerOption {
	var interceptors []grpc.UnaryServerInterceptor
	if tracing {
		interceptors = append(interceptors, otelgrpc.UnaryServerInterceptor())
	} else {
		interceptors = append(interceptors, audit.Events("audit"))
	}
	return grpc.ChainUnaryInterceptor(interceptors...)
}

func otherKind() grpc.ServerOption {
	return grpc.ChainUnaryInterceptor(audit.Events("audit"))
}

func appendedLater() (grpc.ServerOption, int) {
	interceptors := []grpc.UnaryServerInterceptor{audit.Events("audit")}
	option := grpc.ChainUnaryInterceptor(interceptors...)
	interceptors = append(interceptors, otelgrpc.UnaryServerInterceptor())
	return option, len(interceptors)
}
