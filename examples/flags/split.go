package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// compareProcesses sends the same requests twice: to the flag service in this
// process, and to the flag service in a second process. It prints the results of the second
// run, and returns an error if the runs differ.
func compareProcesses(ctx context.Context, cfg config, stdout io.Writer) error {
	first := cfg
	first.grpcAddr, first.httpAddr, first.audit = "127.0.0.1:0", "127.0.0.1:0", ""
	one, err := runOneProcess(ctx, first, io.Discard)
	if err == nil {
		_, err = one.checkTransports()
	}
	if err != nil {
		return fmt.Errorf("with one process: %w", err)
	}
	two, err := runTwoProcesses(ctx, cfg, stdout)
	if err != nil {
		return fmt.Errorf("with two processes: %w", err)
	}
	what := "results, traces, identities and audit records"
	if cfg.otlp != "" {
		what = "results, identities and audit records" // The collector has the traces.
	} else if err := two.checkProcesses(); err != nil {
		return err
	}
	if err := sameRuns(one, two); err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "The flag service's process exited with status 0. All %s are the same as with one process.\n", what)
	return err
}

// runTwoProcesses sends all requests to an app whose flag service runs in a
// second process. The two processes have separate telemetry, and export it to the same OTLP
// collector.
func runTwoProcesses(ctx context.Context, cfg config, stdout io.Writer) (*report, error) {
	stopCollector := func() []sdktrace.ReadOnlySpan { return nil }
	if cfg.otlp == "" {
		c, err := startCollector()
		if err != nil {
			return nil, err
		}
		cfg.otlp, stopCollector = c.addr, c.stop
	}
	service, err := startServiceProcess(ctx, cfg)
	if err != nil {
		stopCollector()
		return nil, err
	}
	var audit bytes.Buffer
	calls, err := sendThroughGateway(ctx, cfg, service, &audit, stdout)
	err = errors.Join(err, service.stop())
	r := newReport(calls, stopCollector(), append(service.auditRecords(), audit.Bytes()...))
	r.print(stdout)
	fmt.Fprintf(stdout, "The log of the flag service\n\n%s\n", &service.stderr)
	return r, err
}

// sendThroughGateway sends all requests to an app without the flag service.
func sendThroughGateway(ctx context.Context, cfg config, service *serviceProcess, audit, stdout io.Writer) (_ []call, err error) {
	a, err := launchGateway(ctx, cfg, service.addr, outputs{log: io.Discard, audit: audit})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, a.stop(ctx), a.flush(ctx)) }()
	fmt.Fprintf(stdout, "The processes\n\n  gateway  process %d, REST on http://%s\n  flags    process %d, gRPC on %s\n\n",
		os.Getpid(), a.httpAddr, service.cmd.Process.Pid, service.addr)
	fmt.Fprintf(stdout, "The chain of both\n\n%s\n", a.chain)
	return sendRequests(ctx, a, cfg)
}

// checkProcesses returns an error unless the process of the flag service recorded
// all server spans, and the gateway's process recorded all other spans.
func (r *report) checkProcesses() error {
	for _, call := range r.calls {
		for _, span := range r.spans[call.trace] {
			want := "gateway"
			if span.SpanKind() == trace.SpanKindServer {
				want = "flags"
			}
			if got := processOf(span); got != want {
				return fmt.Errorf("%s %s: the process %q recorded the span %q, want %q", call.request, call.title, got, describe(span), want)
			}
		}
	}
	return nil
}

// sameRuns returns an error if the runs differ in results, traces or audit
// records. The transports in the audit records may differ: with two processes,
// all requests reach the service over TCP. The actors are the same.
func sameRuns(one, two *report) error {
	for _, t := range callers() {
		if got, want, differ := firstDifference(two.observations()[t], one.observations()[t]); differ {
			return fmt.Errorf("results of %s differ: two processes have %s where one process has %s", t, got, want)
		}
	}
	oneRecords, err := allRecords(one)
	if err != nil {
		return err
	}
	twoRecords, err := allRecords(two)
	if err != nil {
		return err
	}
	if got, want, differ := firstDifference(twoRecords, oneRecords); differ {
		return fmt.Errorf("audit records differ: two processes have %s where one process has %s", got, want)
	}
	return nil
}

// callers returns the transports and the modules, in the order in which they send requests.
func callers() []transport {
	all := []transport{transportREST, transportTCP, transportInProcess}
	for _, name := range modules {
		all = append(all, transport(name))
	}
	return all
}

// allRecords returns all audit records, in the order in which the requests were sent.
func allRecords(r *report) (all []string, _ error) {
	byTransport, err := r.records()
	for _, t := range callers() {
		all = append(all, byTransport[t]...)
	}
	return all, err
}
