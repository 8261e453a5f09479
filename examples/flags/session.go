package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// session makes the same requests each way, shows what everyone saw of them,
// and fails if the ways differ.
func session(ctx context.Context, cfg config, stdout io.Writer) (err error) {
	var log, records bytes.Buffer
	audit, closeAudit, err := openAudit(cfg.audit, &records)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeAudit()) }()
	finished := make(chan []sdktrace.ReadOnlySpan, 100) // far more than are in flight
	a, err := launch(ctx, cfg, outputs{log: &log, audit: audit, trace: func(t []sdktrace.ReadOnlySpan) { finished <- t }})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.flush(ctx)) }()

	fmt.Fprintf(stdout, "The chain\n\n%s\n", a.chain)
	if cfg.otlp != "" {
		fmt.Fprintf(stdout, "Traces go to %s\n\n", cfg.otlp)
	}
	told, err := visit(ctx, a, cfg.token, finished, stdout)
	// Once it has stopped, nobody writes to log and records any more.
	if err := errors.Join(err, a.stop(ctx)); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "The audit log\n\n%s\nThe log\n\n%s\n", &records, &log)
	if err := a.observed.printMetrics(ctx, stdout); err != nil {
		return err
	}
	return compare(stdout, told, &records)
}

// compare returns an error if the ways differ in what was told of their
// requests or in the audit records.
func compare(stdout io.Writer, told map[via][]string, records io.Reader) error {
	if err := same("results", told); err != nil {
		return err
	}
	recorded, err := readRecords(records)
	if err != nil {
		return err
	}
	if err := same("audit records", recorded); err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "All three ways had the same results and left the same %d audit records.\n", len(recorded[viaHTTP]))
	return err
}

// same returns an error unless what was seen is something, and the same each way.
func same(what string, seen map[via][]string) error {
	want := seen[viaNetwork]
	if len(want) == 0 {
		return fmt.Errorf("no %s by %s", what, viaNetwork)
	}
	for _, way := range []via{viaHTTP, viaInProcess} {
		got := seen[way]
		for i := range max(len(want), len(got)) {
			if line(want, i) != line(got, i) {
				return fmt.Errorf("%s differ: %s has %s where %s has %s; is the chain on both?",
					what, way, line(got, i), viaNetwork, line(want, i))
			}
		}
	}
	return nil
}

func line(lines []string, i int) string {
	if i >= len(lines) {
		return "nothing more"
	}
	return fmt.Sprintf("%q", lines[i])
}
