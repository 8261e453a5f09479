package clientconn

import (
	"github.com/fullstorydev/grpchan"
	"github.com/fullstorydev/grpchan/inprocgrpc"
)

func rewritten() {
	use(grpchan.InterceptClientConn(&inprocgrpc.Channel{}, target, nil)) // want `hides an in-process channel` `uses its \*grpc.ClientConn \(rows.go:14\)`
}
