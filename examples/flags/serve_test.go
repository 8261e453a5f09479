package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.opentelemetry.io/otel/propagation"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	pb "github.com/inprocchain/inprocchain/examples/flags/flagspb"
)

func TestServeStopsCleanly(t *testing.T) {
	t.Parallel()
	signal := func(signal os.Signal) func(*program) error {
		return func(p *program) error { return p.cmd.Process.Signal(signal) }
	}
	for _, test := range []struct {
		at       string
		args     []string
		stop     func(*program) error
		isSignal bool
	}{
		{"SIGINT", nil, signal(syscall.SIGINT), true},
		{"SIGTERM", nil, signal(syscall.SIGTERM), true},
		{"the end of standard input", []string{"-until-eof"}, func(p *program) error { return p.stdin.Close() }, false},
	} {
		t.Run(test.at, func(t *testing.T) {
			if test.isSignal && runtime.GOOS == "windows" {
				t.Skip("a process cannot send this signal on Windows")
			}
			t.Parallel()
			p := startProgram(t, append(test.args, "-serve", "-token", "secret")...)
			grpcAddr := p.lineAfter(t, grpcPrefix)
			flagsURL := p.lineAfter(t, "REST on ")

			post(t, flagsURL, "wrong", http.StatusUnauthorized)
			post(t, flagsURL, "secret", http.StatusOK)
			conn, err := grpc.NewClient(grpcAddr, grpc.WithTransportCredentials(insecure.NewCredentials()))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			ctx := withToken(t.Context(), "secret")
			httpTransport := new(http.Transport)
			defer httpTransport.CloseIdleConnections()
			base := strings.TrimSuffix(flagsURL, "/v1/flags")
			for _, client := range []pb.FlagsClient{
				pb.NewFlagsClient(conn),
				restClient{base: base, http: &http.Client{Transport: httpTransport}, propagator: propagation.TraceContext{}},
			} {
				watch, err := client.Watch(ctx, &pb.WatchRequest{Key: key})
				if err != nil {
					t.Fatal(err)
				}
				if first, err := watch.Recv(); err != nil || first.GetChange() != pb.WatchResponse_CHANGE_PRESENT {
					t.Fatalf("watch: %v, %v", first, err)
				}
				defer func() {
					want := status.Error(codes.Unavailable, "the service is stopping; watch again later").Error()
					if _, err := watch.Recv(); err == nil || err.Error() != want {
						t.Errorf("a watch ended with %v, want %s", err, want)
					}
				}()
			}

			if err := test.stop(p); err != nil {
				t.Fatal(err)
			}
			out := withoutDurations(p.wait(t))
			for _, want := range []string{
				`"transport":"rest","actor":"alice","action":"Create","flag":"dark-mode"}` + "\n",
				"    client flags.v1.Flags/Create\n      server flags.v1.Flags/Create by alice\n        audit alice Create dark-mode\n",
				"    client flags.v1.Flags/Watch UNAVAILABLE\n      server flags.v1.Flags/Watch by alice UNAVAILABLE\n", // over REST
				"\n    server flags.v1.Flags/Watch by alice UNAVAILABLE\n",                                              // over TCP, from a client in the test
				"\nStopped.\n",
			} {
				if !strings.Contains(out, want) {
					t.Errorf("standard output does not contain:\n%s", want)
				}
			}
			if t.Failed() {
				t.Logf("stdout:\n%s\nstderr:\n%s", out, &p.stderr)
			}
			for _, addr := range []string{grpcAddr, strings.TrimPrefix(base, "http://")} {
				if conn, err := net.Dial("tcp", addr); err == nil {
					conn.Close()
					t.Errorf("%s is still listening", addr)
				}
			}
		})
	}
}

func post(t *testing.T, url, token string, want int) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(`{"key":"dark-mode"}`))
	if err != nil {
		t.Fatal(err)
	}
	request.Close = true
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != want {
		t.Fatalf("POST: %s (%v), want %d: %s", response.Status, err, want, body)
	}
}

// A program is a process of this test binary that runs main.
type program struct {
	cmd    *exec.Cmd
	stdin  io.Closer
	lines  *bufio.Reader
	stdout strings.Builder // what has been read from lines
	stderr bytes.Buffer
}

func startProgram(t *testing.T, args ...string) *program {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	p := &program{cmd: exec.CommandContext(ctx, os.Args[0], args...)}
	p.cmd.Env = append(os.Environ(), runMainEnv+"=1")
	p.cmd.Stderr = &p.stderr
	stdin, err := p.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.stdin = stdin
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.lines = bufio.NewReader(io.TeeReader(stdout, &p.stdout))
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return p
}

// lineAfter returns the rest of the first line that begins with the prefix.
func (p *program) lineAfter(t *testing.T, prefix string) string {
	t.Helper()
	for {
		line, err := p.lines.ReadString('\n')
		if rest, ok := strings.CutPrefix(line, prefix); ok {
			return strings.TrimSpace(rest)
		}
		if err != nil {
			t.Fatalf("%v before %q; stdout:\n%s\nstderr:\n%s", err, prefix, &p.stdout, &p.stderr)
		}
	}
}

// wait waits for the program to exit with the status 0, and returns its standard
// output.
func (p *program) wait(t *testing.T) string {
	t.Helper()
	if _, err := io.Copy(io.Discard, p.lines); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Wait(); err != nil {
		t.Fatalf("%v; stdout:\n%s\nstderr:\n%s", err, &p.stdout, &p.stderr)
	}
	return p.stdout.String()
}
