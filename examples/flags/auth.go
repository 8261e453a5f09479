package main

import (
	"context"
	"crypto/subtle"

	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/auth"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

type actorKey struct{}

// authenticate accepts requests that carry the token, as requests by alice, and those that carry
// the token of a module. The span of a request tells who made it.
func authenticate(token string) auth.AuthFunc {
	actors := map[string]string{token: "alice"}
	for _, name := range modules {
		actors[string(moduleToken(token, name))] = name
	}
	return func(ctx context.Context) (context.Context, error) {
		given, err := auth.AuthFromMD(ctx, "bearer")
		if err != nil {
			return nil, err
		}
		for token, actor := range actors {
			if subtle.ConstantTimeCompare([]byte(given), []byte(token)) == 1 {
				trace.SpanFromContext(ctx).SetAttributes(semconv.EnduserID(actor))
				return context.WithValue(ctx, actorKey{}, actor), nil
			}
		}
		return nil, status.Error(codes.Unauthenticated, "unknown token; send the one that -token sets")
	}
}

// withToken adds the token to outgoing requests.
func withToken(ctx context.Context, token string) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token)
}

// actor returns the name of the user or module that made the request.
func actor(ctx context.Context) string {
	name, _ := ctx.Value(actorKey{}).(string)
	return name
}
