// Package gateway registers services on a gateway of grpc-gateway.
package gateway

import (
	"context"

	"example.com/real/flagspb"
	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"github.com/inprocchain/inprocchain"
)

func direct(ctx context.Context, mux *runtime.ServeMux, srv flagspb.FlagsServer) error {
	return flagspb.RegisterFlagsHandlerServer(ctx, mux, srv) // want `RegisterFlagsHandlerServer calls the methods of the service directly: no interceptor and no stats handler runs, and streaming methods fail with Unimplemented; use RegisterFlagsHandlerClient with a client of an inprocchain.Channel`
}

// What follows is not reported.

func withClient(ctx context.Context, mux *runtime.ServeMux, channel *inprocchain.Channel) error {
	return flagspb.RegisterFlagsHandlerClient(ctx, mux, flagspb.NewFlagsClient(channel))
}

func otherFunction(ctx context.Context, srv flagspb.FlagsServer) error {
	return flagspb.RegisterOtherHandlerServer(ctx, nil, srv)
}
