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

// newChain returns the interceptors and stats handlers that run for every
// request, whatever its transport.
func newChain(log *slog.Logger, token string, audit *auditLog, telemetry *telemetry) inprocchain.Chain {
	recovered := recovery.WithRecoveryHandlerContext(func(ctx context.Context, p any) error {
		log.ErrorContext(ctx, "recovered a panic", "panic", p, "stack", string(debug.Stack()))
		return status.Error(codes.Internal, "internal error")
	})
	options := telemetry.options()
	return inprocchain.NewChain(
		inprocchain.WithClientStatsHandlers(otelgrpc.NewClientHandler(options...)),
		inprocchain.WithServerStatsHandlers(otelgrpc.NewServerHandler(options...)),
		// Recovery is innermost, so that all others see a panic of a handler as the error
		// that it becomes. A panic of another interceptor ends the program.
		inprocchain.WithUnaryServerInterceptors(
			logging.UnaryServerInterceptor(logger(log), logOptions()...),
			auth.UnaryServerInterceptor(authenticate(token)),
			audit.unaryServer,
			recovery.UnaryServerInterceptor(recovered),
		),
		inprocchain.WithStreamServerInterceptors(
			logging.StreamServerInterceptor(logger(log), logOptions()...),
			auth.StreamServerInterceptor(authenticate(token)),
			recovery.StreamServerInterceptor(recovered),
		),
	)
}
