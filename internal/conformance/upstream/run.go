package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// An outcome is the outcome of a test.
type outcome int

const (
	notApplicable outcome = iota // no RPC was made on a Channel
	passed
	failedInProcess
)

// A result is the outcome of a test, with explanations.
type result struct {
	test    test
	outcome outcome
	reasons []string // why connections were not replaced
	output  string
	attempt int
	took    time.Duration
}

// A binary is a test binary, with the directory in which to run it.
type binary struct {
	pkg   string
	path  string
	dir   string
	suite suite
	tests []test
}

// build builds the test binaries of a suite.
func (w *workspace) build(ctx context.Context, s suite) ([]binary, error) {
	var binaries []binary
	for _, pkg := range s.packages {
		b := binary{
			pkg:   path.Join(s.module, pkg),
			path:  filepath.Join(w.dir, "bin", strings.ReplaceAll(path.Join(s.module, pkg), "/", "_")),
			dir:   filepath.Join(w.copies[s.module], filepath.FromSlash(pkg)),
			suite: s,
		}
		command := w.command(ctx, "test", "-c", "-vet=off", "-ldflags=-s -w", "-tags="+s.tags, "-mod=mod", "-modfile="+w.modfile, "-o", b.path, b.pkg)
		if out, err := command.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("building the tests of %s: %w\n%s", b.pkg, err, out)
		}
		list := exec.CommandContext(ctx, b.path, append(slices.Clone(b.suite.args), "-test.list=^(Test|Example)")...)
		list.Dir = b.dir
		out, err := list.Output()
		if err != nil {
			return nil, fmt.Errorf("listing the tests of %s: %w", b.pkg, failed(err))
		}
		b.tests, err = listTests(b.pkg, b.dir, strings.Fields(string(out)), s.separate)
		if err != nil {
			return nil, err
		}
		binaries = append(binaries, b)
	}
	return binaries, nil
}

// run runs a test in a separate process. So a test that hangs or ends the process is one
// failure, and all reported RPCs are those of the test.
func (b binary) run(ctx context.Context, t test, limit time.Duration) ([]result, error) {
	began := time.Now()
	report, err := os.CreateTemp("", "inprocchain-upstream-report-")
	if err != nil {
		return nil, err
	}
	report.Close()
	defer os.Remove(report.Name())

	// The binary has a shorter limit of its own, after which it prints all goroutines.
	limited, cancel := context.WithTimeout(ctx, limit+5*time.Second)
	defer cancel()
	command := exec.CommandContext(limited, b.path, append(slices.Clone(b.suite.args), "-test.v", "-test.count=1", "-test.run="+t.run, "-test.timeout="+limit.String())...)
	command.Dir = b.dir
	command.Env = append(os.Environ(), "INPROCCHAIN_UPSTREAM_REPORT="+report.Name())
	if b.suite.version != "" {
		command.Env = append(command.Env, "INPROCCHAIN_UPSTREAM_APPLICATION=1", "INPROCCHAIN_UPSTREAM_WAIT=1s")
	}
	if b.suite.serial {
		command.Env = append(command.Env, "INPROCCHAIN_UPSTREAM_WAIT=1s")
	}
	if t.suite {
		command.Env = append(command.Env, "INPROCCHAIN_UPSTREAM_PRINT=1")
	}
	killGroup(command)
	command.WaitDelay = time.Second
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	runErr := command.Run()

	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	var exit *exec.ExitError
	if runErr != nil && !errors.As(runErr, &exit) && limited.Err() == nil {
		return nil, fmt.Errorf("%s %s: %w", t.pkg, t.name, runErr)
	}
	reported, err := os.ReadFile(report.Name())
	if err != nil {
		return nil, err
	}
	r := result{test: t, output: output.String(), took: time.Since(began)}
	if runErr == nil && !strings.Contains(r.output, "--- PASS: "+t.name+" ") && !skipped(t, r.output) {
		return nil, fmt.Errorf("%s %s did not run:\n%s", t.pkg, t.name, r.output)
	}
	replaced, called := false, false
	for line := range strings.Lines(string(reported)) {
		kind, reason, _ := strings.Cut(strings.TrimSpace(line), "\t")
		replaced = replaced || kind == "replaced"
		called = called || kind == "called"
		if kind == "network" {
			r.reasons = append(r.reasons, reason)
		}
	}
	switch {
	case t.suite && called:
		return suiteResults(r, runErr != nil), nil
	case runErr != nil && replaced:
		r.outcome = failedInProcess
	case runErr == nil && called && !skipped(t, r.output):
		r.outcome = passed
	default:
		r.outcome = notApplicable
	}
	return []result{r}, nil
}

func skipped(t test, output string) bool {
	return strings.Contains(output, "--- SKIP: "+t.name+" ")
}
