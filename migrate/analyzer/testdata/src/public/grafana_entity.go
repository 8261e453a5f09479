// Grafana, https://github.com/grafana/grafana/blob/0a947b0a7755591be761d5de6748ae65fb8599ca/pkg/services/store/entity/client_wrapper.go

package public

import (
	"github.com/fullstorydev/grpchan"
	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
)

func newEntityClient(desc *grpc.ServiceDesc, server any) (*storeClient, error) {
	channel := &inprocgrpc.Channel{}
	channel.RegisterService(grpchan.InterceptServer(desc, authenticate("local"), authenticateStream("local")), server)

	auth, err := newClientAuth()
	if err != nil {
		return nil, err
	}
	return newStoreClient(grpchan.InterceptClientConn(channel, auth.unary, auth.stream)), nil // want `hides an in-process channel`
}

func newRemoteEntityClient(conn *grpc.ClientConn, auth *clientAuth) *storeClient {
	return newStoreClient(grpchan.InterceptClientConn(conn, auth.unary, auth.stream))
}
