package middleware_test

import (
	"context"
	"log/slog"
	"strings"
	"sync"

	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/logging"
	"google.golang.org/protobuf/proto"
)

// A journal has the log lines of each side of RPCs separately, because their relative order
// is unspecified.
type journal struct {
	mu                       sync.Mutex
	clientLines, serverLines []string
}

func (j *journal) client(line string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.clientLines = append(j.clientLines, "client: "+line)
}

func (j *journal) server(line string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.serverLines = append(j.serverLines, "server: "+line)
}

// during returns the results of calls, followed by the lines that were logged meanwhile.
func (j *journal) during(calls func() []string) []string {
	results := calls()
	j.mu.Lock()
	defer j.mu.Unlock()
	results = append(append(results, j.clientLines...), j.serverLines...)
	j.clientLines, j.serverLines = nil, nil
	return results
}

// logger returns a logger for one side, without attributes that vary from run to run.
func (*journal) logger(log func(line string)) logging.Logger {
	handler := slog.NewTextHandler(lineWriter(log), &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: removeVarying})
	logger := slog.New(handler)
	return logging.LoggerFunc(func(ctx context.Context, level logging.Level, text string, fields ...any) {
		logger.Log(ctx, slog.Level(level), text, fields...)
	})
}

func removeVarying(_ []string, attr slog.Attr) slog.Attr {
	switch attr.Key {
	case slog.TimeKey, "protocol", "grpc.service", "grpc.start_time", "grpc.time_ms", "grpc.recv.duration", "grpc.send.duration", "peer.address":
		return slog.Attr{}
	}
	if message, ok := attr.Value.Any().(interface {
		proto.Message
		GetValue() string
	}); ok {
		return slog.String(attr.Key, message.GetValue())
	}
	return attr
}

type lineWriter func(line string)

func (w lineWriter) Write(line []byte) (int, error) {
	w(strings.TrimSpace(string(line)))
	return len(line), nil
}
