package main

import (
	"context"
	"crypto/subtle"

	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/auth"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

type actorKey struct{}

// authenticate accepts requests that carry the token, as requests by alice.
func authenticate(token string) auth.AuthFunc {
	return func(ctx context.Context) (context.Context, error) {
		given, err := auth.AuthFromMD(ctx, "bearer")
		if err != nil {
			return nil, err
		}
		if subtle.ConstantTimeCompare([]byte(given), []byte(token)) == 0 {
			return nil, status.Error(codes.Unauthenticated, "unknown token; send the one that -token sets")
		}
		return context.WithValue(ctx, actorKey{}, "alice"), nil
	}
}

// withToken adds the token to outgoing requests.
func withToken(ctx context.Context, token string) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token)
}

// actor returns the name of the user who made the request.
func actor(ctx context.Context) string {
	name, _ := ctx.Value(actorKey{}).(string)
	return name
}
