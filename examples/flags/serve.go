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
	printed := newTraces(func(spans []sdktrace.ReadOnlySpan) { printTree(stdout, tree(spans)) })
	a, err := launch(ctx, cfg, outputs{log: stderr, audit: audit, spans: printed})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.flush(ctx)) }()

	fmt.Fprintf(stdout, "The chain\n\n%s\n%s%s\n\n", a.chain, grpcPrefix, a.grpcAddr)
	fmt.Fprintf(stdout, "grpcurl -plaintext -H 'Authorization: Bearer %s' -d '{\"key\":\"dark-mode\"}' %s flags.v1.Flags/Create\n\n", cfg.token, a.grpcAddr)
	if a.rest != nil {
		fmt.Fprintf(stdout, "REST on http://%s/v1/flags\n\n", a.httpAddr)
		fmt.Fprintf(stdout, "curl -H 'Authorization: Bearer %s' -d '{\"key\":\"dark-mode\"}' http://%s/v1/flags\n\n", cfg.token, a.httpAddr)
	}
	select {
	case <-ctx.Done():
		fmt.Fprintln(stdout, "Stopping. Requests in flight may complete.")
	case err = <-a.failed:
	}
	if err := errors.Join(err, a.stop(ctx)); err != nil {
		return err
	}
	if err := a.telemetry.printMetrics(ctx, stdout); err != nil {
		return err
	}
	_, err = fmt.Fprintln(stdout, "Stopped.")
	return err
}

// grpcPrefix is the beginning of the line with the address of gRPC.
const grpcPrefix = "gRPC on "
