package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// A report is the result of sending all requests once.
type report struct {
	calls []call
	spans map[trace.TraceID][]sdktrace.ReadOnlySpan // empty if a collector has them
	audit []byte
}

func newReport(calls []call, spans []sdktrace.ReadOnlySpan, audit []byte) *report {
	r := &report{calls: calls, spans: map[trace.TraceID][]sdktrace.ReadOnlySpan{}, audit: audit}
	for _, span := range spans {
		id := span.SpanContext().TraceID()
		r.spans[id] = append(r.spans[id], span)
	}
	return r
}

// print writes the results with their traces, and the audit log.
func (r *report) print(out io.Writer) {
	title := ""
	for _, call := range r.calls {
		if call.title != title {
			if title != "" {
				fmt.Fprintln(out)
			}
			title = call.title
			fmt.Fprintf(out, "Requests %s\n\n", title)
		}
		fmt.Fprintf(out, "  %s → %s\n", call.request, call.result)
		printTree(out, tree(r.spans[call.trace]))
	}
	fmt.Fprintf(out, "\nThe audit log\n\n%s\n", r.audit)
}

// observations returns, by transport, the results and traces without their durations, which
// must be the same over all transports.
func (r *report) observations() map[transport][]string {
	observations := map[transport][]string{}
	for _, call := range r.calls {
		lines := []string{call.result}
		for _, line := range tree(r.spans[call.trace]) {
			lines = append(lines, strings.Repeat("  ", line.depth)+line.text)
		}
		observations[call.transport] = append(observations[call.transport], lines...)
	}
	return observations
}

// records returns the audit records by transport.
func (r *report) records() (map[transport][]string, error) {
	return readRecords(bytes.NewReader(r.audit))
}

// checkTransports returns the number of audit records for each transport, and an
// error if the transports differ.
func (r *report) checkTransports() (records int, _ error) {
	byTransport, err := r.records()
	if err != nil {
		return 0, err
	}
	if err := sameOnAll("results", r.observations()); err != nil {
		return 0, err
	}
	return len(byTransport[transportTCP]), sameOnAll("audit records", byTransport)
}

// sameOnAll returns an error if there are no lines for TCP, or if the lines of another
// transport differ from those for TCP.
func sameOnAll(what string, lines map[transport][]string) error {
	if len(lines[transportTCP]) == 0 {
		return fmt.Errorf("there are no %s for %s", what, transportTCP)
	}
	for _, t := range []transport{transportREST, transportInProcess} {
		if got, want, differ := firstDifference(lines[t], lines[transportTCP]); differ {
			return fmt.Errorf("%s differ: %s has %s where %s has %s; do the server and the channel have the same chain?",
				what, t, got, transportTCP, want)
		}
	}
	return nil
}

func firstDifference(got, want []string) (gotLine, wantLine string, differ bool) {
	for i := range max(len(got), len(want)) {
		gotLine, wantLine = quoteLine(got, i), quoteLine(want, i)
		if gotLine != wantLine {
			return gotLine, wantLine, true
		}
	}
	return "", "", false
}

func quoteLine(lines []string, i int) string {
	if i >= len(lines) {
		return "nothing more"
	}
	return fmt.Sprintf("%q", lines[i])
}
