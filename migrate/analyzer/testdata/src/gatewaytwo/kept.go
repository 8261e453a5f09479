// Package gatewaytwo has two in-process channels, and registers a service on one of
// them.
package gatewaytwo

import (
	"context"

	"example.com/real/flagspb"
	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"github.com/inprocchain/inprocchain"
)

func channels(srv flagspb.FlagsServer) (first, second *inprocchain.Channel) {
	first, second = inprocchain.New(), inprocchain.New()
	flagspb.RegisterFlagsServer(first, srv)
	return first, second
}

func handler(ctx context.Context, mux *runtime.ServeMux, srv flagspb.FlagsServer, channel *inprocchain.Channel) error {
	return flagspb.RegisterFlagsHandlerServer(ctx, mux, srv) // want `RegisterFlagsHandlerServer calls.*not rewritten: no registration of the service on the \*inprocchain.Channel in scope is found`
}
