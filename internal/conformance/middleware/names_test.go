package middleware_test

import (
	"context"
	"strings"
	"testing"

	"github.com/grpc-ecosystem/go-grpc-middleware/providers/prometheus"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/auth"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/logging"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/recovery"

	"github.com/inprocchain/inprocchain"
)

func TestStringNamesInterceptorsOfGoGRPCMiddleware(t *testing.T) {
	t.Parallel()
	metrics, clientMetrics := prometheus.NewServerMetrics(), prometheus.NewClientMetrics()
	chain := inprocchain.NewChain(
		inprocchain.WithUnaryServerInterceptors(
			metrics.UnaryServerInterceptor(),
			recovery.UnaryServerInterceptor(),
			logging.UnaryServerInterceptor(logging.LoggerFunc(func(context.Context, logging.Level, string, ...any) {})),
			auth.UnaryServerInterceptor(func(ctx context.Context) (context.Context, error) { return ctx, nil }),
		),
		inprocchain.WithStreamServerInterceptors(metrics.StreamServerInterceptor()),
		inprocchain.WithUnaryClientInterceptors(clientMetrics.UnaryClientInterceptor()),
		inprocchain.WithStreamClientInterceptors(clientMetrics.StreamClientInterceptor()),
	)
	for _, want := range []string{
		"  1     interceptors.UnaryClientInterceptor for *ClientMetrics  interceptors.StreamClientInterceptor for *ClientMetrics\n",
		"  1     interceptors.UnaryServerInterceptor for *ServerMetrics  interceptors.StreamServerInterceptor for *ServerMetrics\n",
		"  2     recovery.UnaryServerInterceptor ",
		"  3     logging.UnaryServerInterceptor ",
		"  4     auth.UnaryServerInterceptor ",
	} {
		if !strings.Contains(chain.String(), want) {
			t.Errorf("String() returned\n%s\nwant it to contain %q", chain, want)
		}
	}
}
