package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"go.opentelemetry.io/otel/propagation"
	"google.golang.org/grpc/metadata"

	"github.com/inprocchain/inprocchain"
	pb "github.com/inprocchain/inprocchain/examples/flags/flagspb"
)

// newGateway returns the REST handler. Its requests become RPCs on the channel,
// unary and streaming, and run the channel's chain.
func newGateway(ctx context.Context, channel *inprocchain.Channel, propagator propagation.TextMapPropagator) (http.Handler, error) {
	mux := runtime.NewServeMux(
		runtime.WithMetadata(func(context.Context, *http.Request) metadata.MD { return metadata.Pairs(gatewayKey, "rest") }),
		runtime.WithMiddlewares(extractTrace(propagator)),
	)
	if err := pb.RegisterFlagsHandler(ctx, mux, channel.ClientConn()); err != nil {
		return nil, err
	}
	return mux, nil
}

// extractTrace makes a request's spans part of the trace in its headers. The
// gateway itself forwards the authorization header.
func extractTrace(propagator propagation.TextMapPropagator) runtime.Middleware {
	return func(next runtime.HandlerFunc) runtime.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request, params map[string]string) {
			ctx := propagator.Extract(r.Context(), propagation.HeaderCarrier(r.Header))
			next(w, r.WithContext(ctx), params)
		}
	}
}

// serveREST serves the gateway on addr.
func (a *app) serveREST(ctx context.Context, addr string) error {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("serving REST: %w; choose another address with -http", err)
	}
	gateway, err := newGateway(ctx, a.channel, a.telemetry.propagator)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	a.httpAddr = listener.Addr().String()
	a.rest = &http.Server{Handler: gateway, ReadHeaderTimeout: 10 * time.Second}
	a.serving.Go(func() { a.failed <- a.rest.Serve(listener) })
	return nil
}
