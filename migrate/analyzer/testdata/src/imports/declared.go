// Package imports has files with imports of every form.
package imports

import "github.com/fullstorydev/grpchan"
import "github.com/fullstorydev/grpchan/inprocgrpc"
import "google.golang.org/grpc"

func alone() grpc.ClientConnInterface {
	return grpchan.InterceptClientConnUnary(&inprocgrpc.Channel{}, interceptors()...) // want `hides an in-process channel`
}
