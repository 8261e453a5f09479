package middleware_test

import (
	"context"
	"strings"
	"testing"

	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/auth"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/logging"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/recovery"

	"github.com/inprocchain/inprocchain"
)

func TestStringNamesInterceptorsAsUsersWriteThem(t *testing.T) {
	t.Parallel()
	chain := inprocchain.NewChain(inprocchain.WithUnaryServerInterceptors(
		recovery.UnaryServerInterceptor(),
		logging.UnaryServerInterceptor(logging.LoggerFunc(func(context.Context, logging.Level, string, ...any) {})),
		auth.UnaryServerInterceptor(func(ctx context.Context) (context.Context, error) { return ctx, nil }),
	))
	for _, want := range []string{"recovery.UnaryServerInterceptor", "logging.UnaryServerInterceptor", "auth.UnaryServerInterceptor"} {
		if !strings.Contains(chain.String(), want+" ") {
			t.Errorf("no %s in\n%s", want, chain)
		}
	}
}
