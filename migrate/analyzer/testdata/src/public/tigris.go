// Tigris, https://github.com/tigrisdata-archive/tigris/blob/10dc5fadf3083d25c3e03274e6ae1180776356b3/server/muxer/http.go

package public

import (
	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
)

type httpServer struct {
	routes map[string]string
	Inproc *inprocgrpc.Channel
}

func newHTTPServer(middleware func() (grpc.UnaryServerInterceptor, grpc.StreamServerInterceptor)) *httpServer {
	unary, stream := middleware()

	inproc := &inprocgrpc.Channel{}
	inproc.WithServerStreamInterceptor(stream)
	inproc.WithServerUnaryInterceptor(unary)

	return &httpServer{Inproc: inproc}
}
