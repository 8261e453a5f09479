package main

import (
	"context"
	"io"
	"log/slog"

	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/logging"
	"go.opentelemetry.io/otel/trace"
)

// newLog returns a logger that writes to out.
func newLog(out io.Writer) *slog.Logger {
	return slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, attr slog.Attr) slog.Attr {
			switch attr.Key {
			case "grpc.start_time", "grpc.request.deadline", "peer.address":
				return slog.Attr{} // The line already has a time and the transport.
			}
			return attr
		},
	}))
}

// logOptions configures the logging interceptors to write a line for each request.
func logOptions() []logging.Option {
	return []logging.Option{
		logging.WithLogOnEvents(logging.FinishCall),
		logging.WithDisableLoggingFields(logging.SystemTag[0], logging.ComponentFieldKey, logging.MethodTypeFieldKey),
		logging.WithFieldsFromContext(func(ctx context.Context) logging.Fields {
			return logging.Fields{"transport", string(transportOf(ctx)), "trace", trace.SpanContextFromContext(ctx).TraceID().String()}
		}),
	}
}

// logger adapts log to the logging interceptors. Both use the same numbers for levels.
func logger(log *slog.Logger) logging.Logger {
	return logging.LoggerFunc(func(ctx context.Context, level logging.Level, msg string, fields ...any) {
		log.Log(ctx, slog.Level(level), msg, fields...)
	})
}
