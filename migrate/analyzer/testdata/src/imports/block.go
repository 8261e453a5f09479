package imports

import (
	"github.com/fullstorydev/grpchan" // for one call
)
import chain "github.com/inprocchain/inprocchain"

var running grpc1 = chain.New()

func block() grpc1 {
	return grpchan.InterceptClientConnUnary(new(aliased), interceptors()...) // want `hides an in-process channel`
}
