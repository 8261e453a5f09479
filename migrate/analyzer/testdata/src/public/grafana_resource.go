// Grafana, https://github.com/grafana/grafana/blob/02860ba38f3186778fa45b2b89539266617bff8a/pkg/storage/unified/resource/client.go

package public

import (
	"github.com/fullstorydev/grpchan"
	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
)

type resourceClient struct{ store, index, diagnostics *storeClient }

func newResourceClient(server any, descs ...*grpc.ServiceDesc) *resourceClient {
	channel := &inprocgrpc.Channel{}
	for _, desc := range descs {
		channel.RegisterService(
			grpchan.InterceptServer(
				desc,
				authenticate("in process"),
				authenticateStream("in process"),
			),
			server,
		)
	}

	auth, _ := newClientAuth("resources")

	cc := grpchan.InterceptClientConn(channel, auth.unary, auth.stream) // want `hides an in-process channel`
	return &resourceClient{
		store:       newStoreClient(cc),
		index:       newStoreClient(cc),
		diagnostics: newStoreClient(cc),
	}
}
