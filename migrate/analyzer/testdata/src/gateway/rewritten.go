// Package gateway registers services on a gateway of grpc-gateway.
package gateway

import (
	"context"

	"example.com/real/flagspb"
	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"github.com/inprocchain/inprocchain"
	"google.golang.org/grpc"
)

func onChannel(ctx context.Context, mux *runtime.ServeMux, srv flagspb.FlagsServer) error {
	channel := inprocchain.New()
	flagspb.RegisterFlagsServer(channel, srv)
	return flagspb.RegisterFlagsHandlerServer(ctx, mux, srv) // want `RegisterFlagsHandlerServer calls the methods of the service directly: no interceptor and no stats handler runs, and streaming methods fail with Unimplemented; use RegisterFlagsHandlerClient with a client of an inprocchain.Channel`
}

type server struct{}

func (*server) ListFlags(context.Context) error { return nil }

func onSeveral(ctx context.Context, network *grpc.Server, channel *inprocchain.Channel) *runtime.ServeMux {
	mux := runtime.NewServeMux()
	services := inprocchain.MultiRegistrar(network, channel)
	srv := &server{}
	flagspb.RegisterFlagsServer(services, srv)
	if err := (flagspb.RegisterFlagsHandlerServer)(ctx, mux, srv); err != nil { // want `RegisterFlagsHandlerServer calls the methods of the service directly`
		panic(err)
	}
	return mux
}

func byFunction(ctx context.Context, mux *runtime.ServeMux, srv flagspb.FlagsServer) error {
	channel := inprocchain.New()
	register(srv, channel)
	return flagspb.RegisterFlagsHandlerServer(ctx, mux, srv) // want `RegisterFlagsHandlerServer calls the methods of the service directly`
}

func register(srv flagspb.FlagsServer, services grpc.ServiceRegistrar) {
	flagspb.RegisterFlagsServer(services, srv)
}
