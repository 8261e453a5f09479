// go-openfga, https://github.com/linka-cloud/go-openfga/blob/1e890a1e8eb8320ac1a2700aa53d362098112f1c/openfga.go

package public

import (
	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
)

func newFGA(desc *grpc.ServiceDesc, server any) *storeClient {
	ch := &inprocgrpc.Channel{}
	ch.WithServerUnaryInterceptor(
		chainUnary(
			authenticate("request"), // adds the request's ID
			authenticate("store"),
		),
	)
	ch.WithServerStreamInterceptor(
		chainStream([]grpc.StreamServerInterceptor{
			authenticateStream("request"),
			authenticateStream("store"),
		}...),
	)
	ch.RegisterService(desc, server)
	return newStoreClient(ch)
}
