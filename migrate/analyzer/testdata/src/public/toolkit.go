// grpc-toolkit, https://github.com/linka-cloud/grpc-toolkit/blob/0e1fe17b974c8d6b2a151faec680585c2392ce65/service/service.go

package public

import (
	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
)

type toolkit struct {
	unary  []grpc.UnaryServerInterceptor
	stream []grpc.StreamServerInterceptor
	more   []grpc.ServerOption
	server *grpc.Server
	inproc *inprocgrpc.Channel
}

func (s *toolkit) start() {
	ui := chainUnary(s.unary...)
	s.inproc = s.inproc.WithServerUnaryInterceptor(ui)

	si := chainStream(s.stream...)
	s.inproc = s.inproc.WithServerStreamInterceptor(si)

	opts := []grpc.ServerOption{
		grpc.StreamInterceptor(si),
		grpc.UnaryInterceptor(ui),
	}
	s.server = grpc.NewServer(append(opts, s.more...)...)
}

func (s *toolkit) RegisterService(desc *grpc.ServiceDesc, impl any) {
	s.server.RegisterService(desc, impl)
	s.inproc.RegisterService(desc, impl)
}
