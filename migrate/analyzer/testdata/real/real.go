// Package real requires the packages that the test files of the analyzer are compiled against: the real ones.
package real

import (
	_ "github.com/fullstorydev/grpchan"
	_ "github.com/fullstorydev/grpchan/httpgrpc"
	_ "github.com/fullstorydev/grpchan/inprocgrpc"
	_ "github.com/inprocchain/inprocchain"
	_ "google.golang.org/grpc/health"
)
