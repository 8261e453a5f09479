package main

import (
	"context"
	"fmt"

	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc/status"
)

// A call is a request that was sent over one transport, and its result.
type call struct {
	request   string
	title     string // the client's
	transport transport
	result    string
	trace     trace.TraceID
}

// sendRequests sends all requests over each transport in turn, and with -split by each module,
// each with its own parent span. It returns an error if ctx ends or if a result is neither a response nor a gRPC status.
func sendRequests(ctx context.Context, a *app, cfg config) ([]call, error) {
	clients, closeClients, err := dial(a)
	if err != nil {
		return nil, err
	}
	defer closeClients()
	if cfg.split {
		clients = append(clients, moduleClients(a, cfg.token)...)
	}
	tracer := a.telemetry.tracers.Tracer("flags")
	var calls []call
	for _, client := range clients {
		for _, request := range requests {
			if ctx.Err() != nil {
				return calls, ctx.Err()
			}
			if request.noToken && client.hasToken {
				continue
			}
			ctx, span := tracer.Start(ctx, request.name)
			if !request.noToken && !client.hasToken {
				ctx = withToken(ctx, cfg.token)
			}
			result, err := request.send(ctx, client)
			span.End()
			if err != nil {
				s, ok := status.FromError(err)
				if !ok {
					return calls, fmt.Errorf("%s %s: %w", request.name, client.title, err)
				}
				result = fmt.Sprintf("%s: %s", s.Code(), s.Message())
			}
			calls = append(calls, call{request.name, client.title, client.transport, result, span.SpanContext().TraceID()})
		}
	}
	return calls, ctx.Err()
}
