package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/inprocchain/inprocchain"
)

func TestResultsAndTracesAreTheSameOnEveryTransport(t *testing.T) {
	t.Parallel()
	var stdout, stderr bytes.Buffer
	if err := run(t.Context(), nil, &stdout, &stderr); err != nil {
		t.Fatalf("%v\n%s", err, &stdout)
	}
	out := withoutDurations(stdout.String())
	for _, want := range []struct {
		text  string
		times int
	}{
		{"recovery.UnaryServerInterceptor", 1}, // the chain
		{"otelgrpc.serverHandler", 2},
		{"Requests over REST\n", 1},
		{"Requests over TCP\n", 1},
		{"Requests on the Channel\n", 1},
		{"" +
			"  create without token → Unauthenticated: Request unauthenticated with bearer\n" +
			"    caller create without token\n" +
			"      client flags.v1.Flags/Create UNAUTHENTICATED\n" +
			"        server flags.v1.Flags/Create UNAUTHENTICATED\n" +
			"  create → dark-mode (white on black) is on\n" +
			"    caller create\n" +
			"      client flags.v1.Flags/Create\n" +
			"        server flags.v1.Flags/Create by alice\n" +
			"          audit alice Create dark-mode\n", 3},
		{"" +
			"  watch and delete → present, then deleted\n" +
			"    caller watch and delete\n" +
			"      client flags.v1.Flags/Watch\n" +
			"        server flags.v1.Flags/Watch by alice\n" +
			"      client flags.v1.Flags/Delete\n" +
			"        server flags.v1.Flags/Delete by alice\n" +
			"          audit alice Delete dark-mode\n", 3},
		{"transport=rest", 8}, // the log has seven requests, one of them with two RPCs
		{"transport=tcp", 8},
		{"transport=in-process", 8},
		{"\nAll three transports had the same results and left the same 2 audit records.\n", 1},
	} {
		if got := strings.Count(out, want.text); got != want.times {
			t.Errorf("stdout contains this text %d times, want %d:\n%s", got, want.times, want.text)
		}
	}
	if t.Failed() {
		t.Log(out)
	}
	if stderr.Len() > 0 {
		t.Errorf("stderr: %s", &stderr)
	}
}

func TestMetricsCoverEveryMethodOnBothSides(t *testing.T) {
	t.Parallel()
	var stdout bytes.Buffer
	if err := run(t.Context(), nil, &stdout, nil); err != nil {
		t.Fatal(err)
	}
	times := map[string]string{}
	row := regexp.MustCompile(`(?m)^  (rpc\.\w+)\.call\.duration +flags\.v1\.Flags/(\w+ +\w+) +(\d+) times +(\S+) on average$`)
	for _, found := range row.FindAllStringSubmatch(stdout.String(), -1) {
		method := strings.Join(strings.Fields(found[2]), " ")
		times[found[1]+" "+method] = found[3]
		if mean, err := time.ParseDuration(found[4]); err != nil || mean < 0 || mean == 0 && !coarseClock || mean > time.Minute {
			t.Errorf("%s took %s (%v)", method, found[4], err)
		}
	}
	methods := []string{
		"Create OK", "Create UNAUTHENTICATED", "Create ALREADY_EXISTS",
		"Get OK", "Get NOT_FOUND", "List OK", "Delete OK", "Watch OK",
	}
	for _, side := range []string{"rpc.client ", "rpc.server "} {
		for _, method := range methods {
			if times[side+method] != "3" {
				t.Errorf("%s ran %q times, want 3, once over each transport", side+method, times[side+method])
			}
		}
	}
	if len(times) != 2*len(methods) {
		t.Errorf("%d rows, want %d: %v", len(times), 2*len(methods), times)
	}
}

// coarseClock is set if the clock may not advance during an RPC.
const coarseClock = runtime.GOOS == "windows"

func TestRunsAppendToTheAuditFile(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "audit.jsonl")
	for range 2 {
		if err := run(t.Context(), []string{"-audit", name}, new(bytes.Buffer), nil); err != nil {
			t.Fatal(err)
		}
	}
	written, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var transports, actions []string
	lines := strings.Split(strings.TrimSpace(string(written)), "\n")
	for _, line := range lines {
		var r record
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if r.Time.IsZero() || r.Actor != "alice" || r.Flag != key {
			t.Errorf("record %+v", r)
		}
		transports, actions = append(transports, string(r.Transport)), append(actions, r.Action)
	}
	once := "rest rest tcp tcp in-process in-process "
	if got := strings.Join(transports, " ") + " "; got != once+once {
		t.Errorf("transports: %s", got)
	}
	if got := strings.Join(actions, " ") + " "; got != strings.Repeat("Create Delete ", 6) {
		t.Errorf("actions: %s", got)
	}
}

func TestDifferencesBetweenTransportsAreReported(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		chains chainsFunc
		want   string
	}{
		{"nothing on the channel", func(full inprocchain.Chain, _ *telemetry) (_, _ inprocchain.Chain) {
			return full, inprocchain.NewChain()
		}, `rest has "dark-mode (white on black) is on" where tcp has "Unauthenticated`},
		{"no stats handlers on the channel", noStatsHandlersOnChannel, `where tcp has "  client flags.v1.Flags/Create UNAUTHENTICATED"`},
		{"no stats handlers on the network", func(full inprocchain.Chain, _ *telemetry) (_, _ inprocchain.Chain) {
			return interceptorsOf(full), full
		}, `rest has "  client flags.v1.Flags/Create UNAUTHENTICATED" where tcp has`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			ta := startTestApp(t, test.chains)
			calls, err := sendRequests(t.Context(), ta.app, testConfig)
			if err != nil {
				t.Fatal(err)
			}
			ta.stop()
			_, err = newReport(calls, ta.spans.Ended(), ta.audit.Bytes()).checkTransports()
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %s", err, test.want)
			}
		})
	}
}

func TestDifferencesBetweenAuditLogsAreReported(t *testing.T) {
	t.Parallel()
	var calls []call
	for _, t := range []transport{transportREST, transportTCP, transportInProcess} {
		calls = append(calls, call{transport: t, result: "the same"})
	}
	for _, test := range []struct{ log, want string }{
		{"", "no audit records for tcp"},
		{`{"transport":"tcp","actor":"alice","action":"Create","flag":"a"}`, `rest has nothing more where tcp has "alice Create a"`},
		{`{"transport":"tcp","action":"a"} {"transport":"rest","action":"a"} {"transport":"in-process","action":"b"}`, `in-process has " b "`},
		{`{"transport":"tcp","action":"a"} {"transport":"rest","action":"a"} {"transport":"in-process","action":"a"} {"transport":"in-process","action":"a"}`, "tcp has nothing more"},
		{"not JSON", "reading the audit log"},
	} {
		_, err := newReport(calls, nil, []byte(test.log)).checkTransports()
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("audit log %s: error %v, want %s", test.log, err, test.want)
		}
	}
}

func withoutDurations(out string) string {
	return regexp.MustCompile(`(?m) +[\d.]+(µs|ms|s)$`).ReplaceAllString(out, "")
}
