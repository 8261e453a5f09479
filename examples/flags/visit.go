package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc/status"

	pb "github.com/inprocchain/inprocchain/examples/flags/flagspb"
)

// A visitor makes requests to an app and tells of each.
type visitor struct {
	app      *app
	token    string
	finished <-chan []sdktrace.ReadOnlySpan
	out      io.Writer
}

// visit makes the same requests by each way. It returns what was seen of them,
// apart from how long it took.
func visit(ctx context.Context, a *app, token string, finished <-chan []sdktrace.ReadOnlySpan, out io.Writer) (map[via][]string, error) {
	ways, hangUp, err := dial(a)
	if err != nil {
		return nil, err
	}
	defer hangUp()
	v := visitor{app: a, token: token, finished: finished, out: out}
	seen := map[via][]string{}
	for _, way := range ways {
		fmt.Fprintf(out, "Requests by way of %s\n\n", way.via)
		for _, request := range requests {
			lines, err := v.make(ctx, way.client, request)
			if err != nil {
				return nil, fmt.Errorf("%s by way of %s: %w", request.name, way.via, err)
			}
			seen[way.via] = append(seen[way.via], lines...)
		}
		fmt.Fprintln(out)
	}
	return seen, nil
}

// make makes a request, under a span of the caller's.
func (v visitor) make(ctx context.Context, client pb.FlagsClient, r request) ([]string, error) {
	ctx, span := v.app.observed.tracers.Tracer("flags").Start(ctx, r.name)
	if !r.anonymous {
		ctx = withToken(ctx, v.token)
	}
	result, err := r.make(ctx, client)
	span.End()
	if err != nil {
		said, ok := status.FromError(err)
		if !ok {
			return nil, err
		}
		result = fmt.Sprintf("%s: %s", said.Code(), said.Message())
	}
	fmt.Fprintf(v.out, "  %s → %s\n", r.name, result)
	if v.app.observed.collector != "" {
		return []string{result}, nil
	}
	branches, err := v.await(ctx, span.SpanContext().TraceID())
	if err != nil {
		return nil, err
	}
	printTree(v.out, branches)
	lines := []string{result}
	for _, b := range branches {
		lines = append(lines, strings.Repeat("  ", b.depth)+b.text)
	}
	return lines, nil
}

// await returns the trace's tree once it has finished.
func (v visitor) await(ctx context.Context, id trace.TraceID) ([]branch, error) {
	for {
		select {
		case spans := <-v.finished:
			if spans[0].SpanContext().TraceID() == id {
				return tree(spans), nil
			}
		case <-ctx.Done():
			return nil, errors.New("its trace has not finished in time; does a span never end?")
		}
	}
}
