// Package httpgrpc declares what the test files need of the real one.
package httpgrpc

import (
	"context"
	"net/http"
	"net/url"

	"google.golang.org/grpc"
)

type Channel struct {
	Transport http.RoundTripper
	BaseURL   *url.URL
}

func (ch *Channel) Invoke(ctx context.Context, methodName string, req, resp interface{}, opts ...grpc.CallOption) error {
	return nil
}

func (ch *Channel) NewStream(ctx context.Context, desc *grpc.StreamDesc, methodName string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	return nil, nil
}
