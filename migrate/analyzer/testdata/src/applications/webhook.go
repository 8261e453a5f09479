package applications

import (
	"context"
	"fmt"
	"net/http"

	"google.golang.org/grpc/metadata"
)

// webhook sends requests on by HTTP, with their metadata as headers, as anycable-go does.
func webhook(ctx context.Context, url string) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, http.NoBody)
	if err != nil {
		return nil, err
	}
	if md, ok := metadata.FromIncomingContext(ctx); ok {
		for name, values := range md { // want `this loop turns the keys of incoming metadata into HTTP headers`
			req.Header.Set(fmt.Sprintf("x-request-%s", name), values[0])
		}
	}
	return req, nil
}
