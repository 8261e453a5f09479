package main

import (
	"context"
	"net/http"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"go.opentelemetry.io/otel/propagation"
	"google.golang.org/grpc/metadata"

	"github.com/inprocchain/inprocchain"
	pb "github.com/inprocchain/inprocchain/examples/flags/flagspb"
)

// newGateway returns the REST front: its requests become RPCs on the channel,
// streams too, and run the channel's chain.
func newGateway(ctx context.Context, channel *inprocchain.Channel, propagator propagation.TextMapPropagator) (http.Handler, error) {
	mux := runtime.NewServeMux(
		runtime.WithMetadata(func(context.Context, *http.Request) metadata.MD { return metadata.Pairs(frontKey, "rest") }),
		runtime.WithMiddlewares(joinTrace(propagator)),
	)
	if err := pb.RegisterFlagsHandler(ctx, mux, channel.ClientConn()); err != nil {
		return nil, err
	}
	return mux, nil
}

// joinTrace makes a request's spans part of the trace that its headers name.
// The gateway passes the authorization header on by itself.
func joinTrace(propagator propagation.TextMapPropagator) runtime.Middleware {
	return func(next runtime.HandlerFunc) runtime.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request, params map[string]string) {
			ctx := propagator.Extract(r.Context(), propagation.HeaderCarrier(r.Header))
			next(w, r.WithContext(ctx), params)
		}
	}
}
