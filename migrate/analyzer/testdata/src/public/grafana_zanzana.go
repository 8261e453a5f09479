// Grafana, https://github.com/grafana/grafana/blob/015faa721ba8105312a5d1706a63a5d99ab6a868/pkg/services/authz/zanzana.go

package public

import (
	"errors"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
)

func newAuthorizer(mode string, dial func() (*grpc.ClientConn, error), desc *grpc.ServiceDesc, server any) (*storeClient, error) {
	switch mode {
	case "client":
		conn, err := dial()
		if err != nil {
			return nil, err
		}
		return newStoreClient(conn), nil
	case "embedded":
		channel := &inprocgrpc.Channel{}
		channel.WithServerUnaryInterceptor(authenticate("*"))
		channel.RegisterService(desc, server)
		return newStoreClient(channel), nil
	}
	return nil, errors.New("unknown mode")
}
