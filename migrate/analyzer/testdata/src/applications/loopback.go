package applications

import (
	"context"

	"example.com/real/flagspb"
	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"
)

// serveREST connects a gateway to the port of its own process, as OpenFGA and cerbos do.
func serveREST(ctx context.Context, port string, options ...grpc.DialOption) (*runtime.ServeMux, error) {
	conn, err := grpc.NewClient("dns:///localhost:"+port, options...)
	if err != nil {
		return nil, err
	}
	mux := runtime.NewServeMux()
	return mux, flagspb.RegisterFlagsHandler(ctx, mux, conn)
}
