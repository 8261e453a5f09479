package main

import (
	"context"
	"log/slog"
	"runtime/debug"

	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/auth"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/logging"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/recovery"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
)

// newChain returns who watches a request, whichever way it comes in.
func newChain(log *slog.Logger, token string, audit *auditLog, observed *telemetry) inprocchain.Chain {
	recovered := recovery.WithRecoveryHandlerContext(func(ctx context.Context, p any) error {
		log.ErrorContext(ctx, "recovered a panic", "panic", p, "stack", string(debug.Stack()))
		return status.Error(codes.Internal, "internal error")
	})
	options := observed.options()
	return inprocchain.NewChain(
		inprocchain.WithClientStatsHandlers(otelgrpc.NewClientHandler(options...)),
		inprocchain.WithServerStatsHandlers(otelgrpc.NewServerHandler(options...)),
		// Logging is outside recovery, so that a panic is logged as the error it becomes.
		inprocchain.WithUnaryServerInterceptors(
			logging.UnaryServerInterceptor(logger(log), logOptions()...),
			recovery.UnaryServerInterceptor(recovered),
			auth.UnaryServerInterceptor(authenticate(token)),
			audit.unaryServer,
		),
		inprocchain.WithStreamServerInterceptors(
			logging.StreamServerInterceptor(logger(log), logOptions()...),
			recovery.StreamServerInterceptor(recovered),
			auth.StreamServerInterceptor(authenticate(token)),
		),
	)
}
