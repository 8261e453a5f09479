package monitor

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// RequireTenant is an interceptor that refuses requests without a tenant.
func RequireTenant(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	if len(metadata.ValueFromIncomingContext(ctx, "tenant")) == 0 {
		return nil, status.Error(codes.InvalidArgument, "send the metadata key tenant")
	}
	return handler(ctx, req)
}
