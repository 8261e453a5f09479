package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/inprocchain/inprocchain"
)

func TestSessionShowsTheSameOfEachWay(t *testing.T) {
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
		{"Requests by way of http\n", 1},
		{"Requests by way of network\n", 1},
		{"Requests by way of in-process\n", 1},
		{"" +
			"  create without token → Unauthenticated: Request unauthenticated with bearer\n" +
			"    caller create without token\n" +
			"      client flags.v1.Flags/Create UNAUTHENTICATED\n" +
			"        server flags.v1.Flags/Create UNAUTHENTICATED\n" +
			"  create → dark-mode (white on black) is on\n" +
			"    caller create\n" +
			"      client flags.v1.Flags/Create\n" +
			"        server flags.v1.Flags/Create\n" +
			"          audit alice Create dark-mode\n", 3},
		{"" +
			"  watch and delete → present, then deleted\n" +
			"    caller watch and delete\n" +
			"      client flags.v1.Flags/Watch\n" +
			"        server flags.v1.Flags/Watch\n" +
			"      client flags.v1.Flags/Delete\n" +
			"        server flags.v1.Flags/Delete\n" +
			"          audit alice Delete dark-mode\n", 3},
		{"via=http", 8}, // the log: seven requests, one of them with two RPCs
		{"via=network", 8},
		{"via=in-process", 8},
		{"\nAll three ways had the same results and left the same 2 audit records.\n", 1},
	} {
		if got := strings.Count(out, want.text); got != want.times {
			t.Errorf("stdout has %d times, want %d:\n%s", got, want.times, want.text)
		}
	}
	if t.Failed() {
		t.Log(out)
	}
	if stderr.Len() > 0 {
		t.Errorf("stderr: %s", &stderr)
	}
}

func TestSessionMeasuresEveryMethodOnBothSides(t *testing.T) {
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
		if mean, err := time.ParseDuration(found[4]); err != nil || mean <= 0 || mean > time.Minute {
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
				t.Errorf("%s ran %q times, want 3, once each way", side+method, times[side+method])
			}
		}
	}
	if len(times) != 2*len(methods) {
		t.Errorf("%d rows, want %d: %v", len(times), 2*len(methods), times)
	}
}

func TestSessionsAppendToTheAuditFile(t *testing.T) {
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
	var ways, actions []string
	lines := strings.Split(strings.TrimSpace(string(written)), "\n")
	for _, line := range lines {
		var r record
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if r.Time.IsZero() || r.Actor != "alice" || r.Flag != key {
			t.Errorf("record %+v", r)
		}
		ways, actions = append(ways, string(r.Via)), append(actions, r.Action)
	}
	once := "http http network network in-process in-process "
	if got := strings.Join(ways, " ") + " "; got != once+once {
		t.Errorf("ways: %s", got)
	}
	if got := strings.Join(actions, " ") + " "; got != strings.Repeat("Create Delete ", 6) {
		t.Errorf("actions: %s", got)
	}
}

func TestWaysThatDifferAreFound(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		chains chains
		want   string
	}{
		{"nothing on the channel", func(full inprocchain.Chain, _ *telemetry) (_, _ inprocchain.Chain) {
			return full, inprocchain.NewChain()
		}, `http has "dark-mode (white on black) is on" where network has "Unauthenticated`},
		{"no stats handlers on the channel", offChannel, `where network has "  client flags.v1.Flags/Create UNAUTHENTICATED"`},
		{"no stats handlers on the network", func(full inprocchain.Chain, _ *telemetry) (_, _ inprocchain.Chain) {
			return interceptorsOf(full), full
		}, `http has "  client flags.v1.Flags/Create UNAUTHENTICATED" where network has`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, test.chains)
			told, err := visit(t.Context(), r.app, testToken, r.finished, io.Discard)
			if err != nil {
				t.Fatal(err)
			}
			r.stop()
			err = compare(io.Discard, told, &r.audit)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %s", err, test.want)
			}
		})
	}
}

func TestAuditRecordsThatDifferAreFound(t *testing.T) {
	t.Parallel()
	told := map[via][]string{viaHTTP: {"x"}, viaNetwork: {"x"}, viaInProcess: {"x"}}
	for _, test := range []struct{ log, want string }{
		{"", "no audit records"},
		{`{"via":"network","actor":"alice","action":"Create","flag":"a"}`, `http has nothing more where network has "alice Create a"`},
		{`{"via":"network","action":"a"} {"via":"http","action":"a"} {"via":"in-process","action":"b"}`, `in-process has " b "`},
		{`{"via":"network","action":"a"} {"via":"http","action":"a"} {"via":"in-process","action":"a"} {"via":"in-process","action":"a"}`, "network has nothing more"},
		{"torn", "reading the audit log"},
	} {
		err := compare(io.Discard, told, strings.NewReader(test.log))
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("audit log %s: error %v, want %s", test.log, err, test.want)
		}
	}
}

func withoutDurations(out string) string {
	return regexp.MustCompile(`(?m) +[\d.]+(µs|ms|s)$`).ReplaceAllString(out, "")
}
