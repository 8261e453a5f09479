// Grafana, https://github.com/grafana/grafana/blob/0603d829b3a3e642c41f205c05039a483623e764/pkg/services/authz/client.go

package public

import (
	"context"

	"github.com/fullstorydev/grpchan"
	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
)

// The client interceptors are functions.

func unaryClient(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	return invoker(ctx, method, req, reply, cc, opts...)
}

func streamClient(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	return streamer(ctx, desc, cc, method, opts...)
}

type legacyClient struct{ client *storeClient }

func newLocalLegacyClient(desc *grpc.ServiceDesc, server any) *legacyClient {
	channel := &inprocgrpc.Channel{}
	channel.RegisterService(
		grpchan.InterceptServer(desc, authenticate("legacy"), authenticateStream("legacy")),
		server,
	)

	conn := grpchan.InterceptClientConn(channel, unaryClient, streamClient) // want `hides an in-process channel`

	client := newStoreClient(conn)
	return &legacyClient{client: client}
}
