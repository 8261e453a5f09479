package gateway

import (
	"context"

	"example.com/real/flagspb"
	pb "example.com/real/flagspb"
	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"github.com/inprocchain/inprocchain"
)

func noChannel(ctx context.Context, mux *runtime.ServeMux, srv flagspb.FlagsServer) error {
	return flagspb.RegisterFlagsHandlerServer(ctx, mux, srv) // want `RegisterFlagsHandlerServer calls.*not rewritten: no \*inprocchain.Channel is in scope`
}

func noClient(ctx context.Context, mux *runtime.ServeMux, srv flagspb.UsersServer, channel *inprocchain.Channel) error {
	flagspb.RegisterUsersServer(channel, srv)
	return flagspb.RegisterUsersHandlerServer(ctx, mux, srv) // want `RegisterUsersHandlerServer calls.*not rewritten: the package has no RegisterUsersHandlerClient or NewUsersClient`
}

func madeHere(ctx context.Context, mux *runtime.ServeMux, channel *inprocchain.Channel) error {
	flagspb.RegisterFlagsServer(channel, newServer())
	return flagspb.RegisterFlagsHandlerServer(ctx, mux, newServer()) // want `not rewritten: the call creates the service`
}

func newServer() flagspb.FlagsServer { return &server{} }

func noOtherUse(ctx context.Context, mux *runtime.ServeMux, channel *inprocchain.Channel) error {
	flagspb.RegisterFlagsServer(channel, newServer())
	srv := newServer()
	srv = newServer()
	return flagspb.RegisterFlagsHandlerServer(ctx, mux, srv) // want `not rewritten: the variable of the service has no other use`
}

func comment(ctx context.Context, mux *runtime.ServeMux, srv flagspb.FlagsServer, channel *inprocchain.Channel) error {
	flagspb.RegisterFlagsServer(channel, srv)
	return flagspb.RegisterFlagsHandlerServer(ctx, mux, newFlags( /* the same */ )) // want `not rewritten: the call creates the service`
}

func newFlags() flagspb.FlagsServer { return nil }

// What follows is not reported.

func withClient(ctx context.Context, mux *runtime.ServeMux, channel *inprocchain.Channel) error {
	return pb.RegisterFlagsHandlerClient(ctx, mux, pb.NewFlagsClient(channel))
}

func otherFunctions(ctx context.Context, srv flagspb.FlagsServer, channel *inprocchain.Channel) error {
	return pb.RegisterOtherHandlerServer(ctx, nil, srv)
}
