// Grafana, pkg/storage/unified/resource/client.go

package public

import (
	"context"

	"github.com/fullstorydev/grpchan"
	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
)

// retry looks like that of go-grpc-middleware.
func retry(attempts int) grpc.UnaryClientInterceptor {
	return func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) (err error) {
		for range attempts {
			if err = invoker(ctx, method, req, reply, cc, opts...); err == nil {
				return nil
			}
		}
		return err
	}
}

func newSearchClient(server any, metrics grpc.UnaryServerInterceptor, descs ...*grpc.ServiceDesc) *resourceClient {
	channel := &inprocgrpc.Channel{}
	for _, desc := range descs {
		if metrics != nil {
			desc = grpchan.InterceptServer(desc, metrics, nil)
		}
		channel.RegisterService(grpchan.InterceptServer(desc, chainUnary(authenticate("local")), nil), server)
	}

	auth, _ := newClientAuth()
	cc := grpchan.InterceptClientConn(channel, auth.unary, auth.stream) // want `hides an in-process channel`

	retried := retry(3)
	cc = grpchan.InterceptClientConn(cc, retried, nil) // want `hides an in-process channel`

	return &resourceClient{store: newStoreClient(cc), index: newStoreClient(cc)}
}
