package flipt

import (
	"context"

	"google.golang.org/grpc"
)

// newHTTPServer needs no more than a connection, and is left alone.
func newHTTPServer(conn grpc.ClientConnInterface) *httpServer { return &httpServer{conn: conn} }

type httpServer struct{ conn grpc.ClientConnInterface }

func (s *httpServer) serve(ctx context.Context, server *grpcServer) error {
	return s.conn.Invoke(ctx, "/flipt.Flipt/ListFlags", nil, nil)
}
