package main

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

func TestSplitHasTheSameResultsTracesAndAuditRecords(t *testing.T) {
	t.Parallel()
	audit := filepath.Join(t.TempDir(), "audit.jsonl")
	out := startProgram(t, "-split", "-audit", audit).wait(t)
	for _, want := range []struct {
		text  string
		times int
	}{
		{"Requests over REST\n", 1},
		{"Requests over TCP\n", 1},
		{"Requests on the Channel\n", 1},
		{"Requests by the billing module\n", 1},
		{"Requests by the admin module\n", 1},
		{"" +
			"  create → dark-mode (white on black) is on\n" +
			"    caller create gateway\n" +
			"      client flags.v1.Flags/Create gateway\n" +
			"        server flags.v1.Flags/Create by alice flags\n" +
			"          audit alice Create dark-mode flags\n", 3},
		{"" +
			"  create → dark-mode (white on black) is on\n" +
			"    caller create gateway\n" +
			"      client flags.v1.Flags/Create gateway\n" +
			"        server flags.v1.Flags/Create by billing flags\n" +
			"          audit billing Create dark-mode flags\n", 1},
		{"" +
			"  watch and delete → present, then deleted\n" +
			"    caller watch and delete gateway\n" +
			"      client flags.v1.Flags/Watch gateway\n" +
			"        server flags.v1.Flags/Watch by alice flags\n" +
			"      client flags.v1.Flags/Delete gateway\n" +
			"        server flags.v1.Flags/Delete by alice flags\n" +
			"          audit alice Delete dark-mode flags\n", 3},
		{`"transport":"tcp","actor":"alice","action":"Create","flag":"dark-mode"}`, 3},
		{`"transport":"tcp","actor":"alice","action":"Delete","flag":"dark-mode"}`, 3},
		{`"transport":"tcp","actor":"billing","action":"Create","flag":"dark-mode"}`, 1},
		{`"transport":"tcp","actor":"admin","action":"Delete","flag":"dark-mode"}`, 1},
		{`msg="finished call" transport=tcp`, 38}, // eight RPCs over each transport, and seven by each module
		{"exited with status 0. All results, traces, identities and audit records are the same as with one process.\n", 1},
	} {
		if got := strings.Count(columns.ReplaceAllString(out, " $1"), want.text); got != want.times {
			t.Errorf("standard output contains this text %d times, want %d:\n%s", got, want.times, want.text)
		}
	}
	if t.Failed() {
		t.Log(out)
	}
	written, err := os.ReadFile(audit)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(string(written), "\n"); got != 10 {
		t.Errorf("the audit file has %d records, want 10:\n%s", got, written)
	}
	for _, addr := range regexp.MustCompile(`127\.0\.0\.1:\d+`).FindAllString(out, -1) {
		if conn, err := net.Dial("tcp", addr); err == nil {
			conn.Close()
			t.Errorf("%s is still listening", addr)
		}
	}
}

// columns matches the columns of a tree line to the right of its text.
var columns = regexp.MustCompile(`(?m) +(gateway|flags) +[\d.]+(?:µs|ms|s)$`)

func TestSplitExportsOneTraceFromBothProcesses(t *testing.T) {
	t.Parallel()
	c, err := startCollector()
	if err != nil {
		t.Fatal(err)
	}
	out := startProgram(t, "-split", "-otlp", c.addr).wait(t)
	spans := map[trace.SpanID]sdktrace.ReadOnlySpan{}
	for _, span := range c.stop() {
		spans[span.SpanContext().SpanID()] = span
	}
	crossings := 0
	for _, span := range spans {
		parent, ok := spans[span.Parent().SpanID()]
		if ok && processOf(parent) == "gateway" && processOf(span) == "flags" && parent.SpanContext().TraceID() == span.SpanContext().TraceID() {
			crossings++
		}
	}
	if crossings != 38 { // eight RPCs over each transport, and seven by each module
		t.Errorf("%d spans of the flag service have a parent in the gateway, want 38", crossings)
	}
	if want := "All results, identities and audit records are the same"; !strings.Contains(out, want) {
		t.Errorf("standard output does not contain %q:\n%s", want, out)
	}
}

func TestSplitReportsWhyTheServiceDidNotStart(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, args := range [][]string{
		{"-grpc", taken.Addr().String()},
		{"-audit", t.TempDir()},
		{"-http", taken.Addr().String()}, // the gateway does not start, and the service stops
	} {
		p := startProgram(t, append([]string{"-split"}, args...)...)
		var exit *exec.ExitError
		if err := p.cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != 1 {
			t.Errorf("-split %q: %v, want exit status 1", args, err)
		}
		if !strings.Contains(p.stderr.String(), args[0]) {
			t.Errorf("-split %q: the error does not name %s:\n%s", args, args[0], &p.stderr)
		}
	}
}

func TestDifferencesBetweenRunsAreReported(t *testing.T) {
	t.Parallel()
	run := func(result, audit string) *report {
		var calls []call
		for _, over := range []transport{transportREST, transportTCP, transportInProcess} {
			calls = append(calls, call{transport: over, result: result})
		}
		return newReport(calls, nil, []byte(audit))
	}
	one := run("ok", `{"transport":"rest","action":"a"} {"transport":"in-process","action":"b"}`)
	for _, test := range []struct {
		two  *report
		want string
	}{
		{run("ok", `{"transport":"tcp","action":"a"} {"transport":"tcp","action":"b"}`), ""},
		{run("not ok", `{"transport":"tcp","action":"a"} {"transport":"tcp","action":"b"}`), `results of rest differ: two processes have "not ok" where one process has "ok"`},
		{run("ok", `{"transport":"tcp","action":"a"}`), `audit records differ: two processes have nothing more where one process has " b "`},
		{run("ok", "not JSON"), "reading the audit log"},
	} {
		err := sameRuns(one, test.two)
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("sameRuns returned %v, want %q", err, test.want)
		}
	}
}

func TestSpansOfTheWrongProcessAreReported(t *testing.T) {
	t.Parallel()
	ta := startTestApp(t, sameChain)
	calls, err := sendRequests(t.Context(), ta.app, testConfig)
	if err != nil {
		t.Fatal(err)
	}
	ta.stop()
	r := newReport(calls, ta.spans.Ended(), nil)
	want := `create without token over REST: the process "flags" recorded the span`
	if err := r.checkProcesses(); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("checkProcesses returned %v, want %s", err, want)
	}
}
