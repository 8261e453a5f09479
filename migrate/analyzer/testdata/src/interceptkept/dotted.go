package interceptkept

import (
	. "github.com/fullstorydev/grpchan"
	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
)

func dotted() grpc.ClientConnInterface {
	return InterceptClientConn(&inprocgrpc.Channel{}, unary, nil) // want `InterceptClientConn hides an in-process channel.*not rewritten: grpchan is imported with a dot`
}
