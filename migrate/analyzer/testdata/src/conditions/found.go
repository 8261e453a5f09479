// Package conditions installs interceptors and stats handlers on the network server
// and on the in-process channel, under different conditions.
package conditions

import (
	"context"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"github.com/inprocchain/inprocchain"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/stats"
)

type config struct{ tracing, audit bool }

func audit(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	return handler(ctx, req)
}

func recovered(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	return handler(ctx, req)
}

func stream(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	return handler(srv, ss)
}

func chain(interceptors ...grpc.UnaryServerInterceptor) grpc.UnaryServerInterceptor {
	return interceptors[0]
}

func channelIfTracing(cfg config, channel *inprocgrpc.Channel) *grpc.Server {
	if cfg.tracing {
		channel.WithServerStatsHandler(otelgrpc.NewServerHandler()) // want `measures wrong durations` `this stats handler is on the in-process channel only if cfg.tracing, but on the network server without that condition \(line 37\), so RPCs are handled differently on the two; build one inprocchain.Chain and pass it to both`
	}
	return grpc.NewServer(grpc.StatsHandler(otelgrpc.NewServerHandler()))
}

func serverIfTracing(cfg config, channel *inprocgrpc.Channel) *grpc.Server {
	handler := otelgrpc.NewServerHandler()
	channel.WithServerStatsHandler(handler) // want `measures wrong durations`
	opts := []grpc.ServerOption{grpc.MaxRecvMsgSize(1)}
	if cfg.tracing {
		opts = append(opts, grpc.StatsHandler(handler)) // want `this stats handler is on the network server only if cfg.tracing, but on the in-process channel without that condition \(line 42\)`
	}
	return grpc.NewServer(opts...)
}

func inAList(cfg config, channel *inprocgrpc.Channel) *grpc.Server {
	interceptors := []grpc.UnaryServerInterceptor{recovered}
	channel.WithServerUnaryInterceptor(chain(append(interceptors, audit)...))
	if cfg.audit {
		interceptors = append(interceptors, audit) // want `this interceptor is on the network server only if cfg.audit, but on the in-process channel without that condition \(line 52\)`
	}
	return grpc.NewServer(grpc.ChainUnaryInterceptor(interceptors...), grpc.ChainStreamInterceptor(stream))
}

func inElse(cfg config, channel *inprocgrpc.Channel) *grpc.Server {
	if !cfg.audit {
		println("no audit log")
	} else if cfg.tracing && cfg.audit {
		channel.WithServerUnaryInterceptor(audit) // want `this interceptor is on the in-process channel only if cfg.audit && cfg.tracing && cfg.audit, but on the network server without that condition`
	}
	switch {
	case cfg.tracing:
		channel.WithServerStreamInterceptor(stream) // want `this interceptor is on the in-process channel only if cfg.tracing, but`
	}
	return grpc.NewServer(grpc.UnaryInterceptor(audit), grpc.StreamInterceptor(stream))
}

type handler struct{ stats.Handler }

func migrated(cfg config) (*grpc.Server, *inprocchain.Channel) {
	server := grpc.NewServer(grpc.StatsHandler(&handler{}), grpc.UnaryInterceptor(audit))
	if cfg.tracing {
		return server, inprocchain.New(
			inprocchain.WithServerStatsHandlers(&handler{}), // want `this stats handler is on the in-process channel only if cfg.tracing, but`
			inprocchain.WithUnaryServerInterceptors(audit),  // want `this interceptor is on the in-process channel only if cfg.tracing, but`
		)
	}
	return server, nil
}

func byKind(mode string, channel *inprocgrpc.Channel) *grpc.Server {
	switch mode {
	case "a", "b":
		channel.WithServerUnaryInterceptor(audit) // want `only if switch mode case "a", "b", but`
	}
	return grpc.NewServer(grpc.UnaryInterceptor(audit))
}

func underMore(cfg config, channel *inprocgrpc.Channel) *grpc.Server {
	var opts []grpc.ServerOption
	if cfg.audit {
		opts = append(opts, grpc.UnaryInterceptor(audit))
		if cfg.tracing {
			channel.WithServerUnaryInterceptor(audit) // want `only if cfg.tracing, but on the network server without that condition`
		}
	}
	return grpc.NewServer(opts...)
}
