package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// serve serves until ctx ends or a server fails.
func serve(ctx context.Context, cfg config, stdout, stderr io.Writer) (err error) {
	audit, closeAudit, err := openAudit(cfg.audit, stdout)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeAudit()) }()
	a, err := launch(ctx, cfg, outputs{log: stderr, audit: audit, trace: func(t []sdktrace.ReadOnlySpan) { printTree(stdout, tree(t)) }})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.flush(ctx)) }()

	fmt.Fprintf(stdout, "The chain\n\n%s\ngRPC on %s\nREST on http://%s/v1/flags\n\n", a.chain, a.grpcAddr, a.httpAddr)
	fmt.Fprintf(stdout, "curl -H 'Authorization: Bearer %s' -d '{\"key\":\"dark-mode\"}' http://%s/v1/flags\n\n", cfg.token, a.httpAddr)
	select {
	case <-ctx.Done():
		fmt.Fprintln(stdout, "Stopping; requests in flight may end.")
	case err = <-a.failed:
	}
	if err := errors.Join(err, a.stop(ctx)); err != nil {
		return err
	}
	if err := a.observed.printMetrics(ctx, stdout); err != nil {
		return err
	}
	_, err = fmt.Fprintln(stdout, "Stopped.")
	return err
}
