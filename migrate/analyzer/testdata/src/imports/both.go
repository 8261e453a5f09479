package imports

import (
	// Channels in this process.
	"github.com/fullstorydev/grpchan"
	"github.com/fullstorydev/grpchan/inprocgrpc"

	"google.golang.org/grpc"
)

func both(conn *grpc.ClientConn) (local, remote grpc.ClientConnInterface) {
	local = grpchan.InterceptClientConnUnary(&inprocgrpc.Channel{}, interceptors()...) // want `hides an in-process channel`
	remote = grpchan.InterceptClientConnUnary(conn, interceptors()...)
	return local, remote
}
