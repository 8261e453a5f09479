package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

// compareTransports sends the same requests over each transport, prints the results, and
// returns an error if the transports differ.
func compareTransports(ctx context.Context, cfg config, stdout io.Writer) error {
	r, err := runOneProcess(ctx, cfg, stdout)
	if err != nil {
		return err
	}
	records, err := r.checkTransports()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "All three transports had the same results and left the same %d audit records.\n", records)
	return err
}

// runOneProcess sends all requests to an app that runs in this process.
func runOneProcess(ctx context.Context, cfg config, stdout io.Writer) (_ *report, err error) {
	var log, records bytes.Buffer
	audit, closeAudit, err := openAudit(cfg.audit, &records)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, closeAudit()) }()
	spans := tracetest.NewSpanRecorder()
	a, err := launch(ctx, cfg, outputs{log: &log, audit: audit, spans: spans})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, a.flush(ctx)) }()

	fmt.Fprintf(stdout, "The chain\n\n%s\n", a.chain)
	if cfg.otlp != "" {
		fmt.Fprintf(stdout, "Traces go to %s\n\n", cfg.otlp)
	}
	calls, err := sendRequests(ctx, a, cfg)
	// Once the app has stopped, nothing writes to log and records, and all spans have ended.
	err = errors.Join(err, a.stop(ctx))
	r := newReport(calls, spans.Ended(), records.Bytes())
	r.print(stdout)
	fmt.Fprintf(stdout, "The log\n\n%s\n", &log)
	return r, errors.Join(err, a.telemetry.printMetrics(ctx, stdout))
}
