package monitor

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"google.golang.org/grpc/peer"
)

// transport is an attribute of a server's metrics: how the RPC has arrived.
func transport(ctx context.Context) []attribute.KeyValue {
	name := "network"
	if p, ok := peer.FromContext(ctx); ok && p.AuthInfo != nil && p.AuthInfo.AuthType() == "inproc" {
		name = "inproc"
	}
	return []attribute.KeyValue{attribute.String("transport", name)}
}
