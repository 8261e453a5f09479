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
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"
)

// An outcome is what became of a test.
type outcome int

const (
	notApplicable outcome = iota // no RPC went through a Channel
	passed
	failedInProcess
)

// A result is the outcome of a test and what explains it.
type result struct {
	test    test
	outcome outcome
	reasons []string // why connections were not replaced
	output  string
	took    time.Duration
}

// A binary is a test binary and where to run it.
type binary struct {
	pkg   string
	path  string
	dir   string
	args  []string
	tests []test
}

// build builds the test binaries of a suite.
func (w *workspace) build(ctx context.Context, s suite) ([]binary, error) {
	var binaries []binary
	for _, below := range s.packages {
		b := binary{
			pkg:  path.Join(s.module, below),
			path: filepath.Join(w.dir, "bin", strings.ReplaceAll(path.Join(s.module, below), "/", "_")),
			dir:  filepath.Join(w.copies[s.module], filepath.FromSlash(below)),
			args: s.args,
		}
		command := exec.CommandContext(ctx, "go", "test", "-c", "-vet=off", "-mod=mod", "-modfile="+w.modfile, "-o", b.path, b.pkg)
		if out, err := command.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("building the tests of %s: %w\n%s", b.pkg, err, out)
		}
		list := exec.CommandContext(ctx, b.path, append(slices.Clone(b.args), "-test.list=^(Test|Example)")...)
		list.Dir = b.dir
		out, err := list.Output()
		if err != nil {
			return nil, fmt.Errorf("listing the tests of %s: %w", b.pkg, failed(err))
		}
		b.tests, err = listTests(b.pkg, b.dir, strings.Fields(string(out)))
		if err != nil {
			return nil, err
		}
		binaries = append(binaries, b)
	}
	return binaries, nil
}

// run runs one test in a process of its own, so that a test that hangs or ends
// the process is one failure, and the RPCs that a Channel saw are this test's.
func (b binary) run(ctx context.Context, t test, limit time.Duration) (result, error) {
	began := time.Now()
	report, err := os.CreateTemp("", "inprocchain-upstream-report-")
	if err != nil {
		return result{}, err
	}
	report.Close()
	defer os.Remove(report.Name())

	// The binary's own limit comes first, since it prints all goroutines.
	ctx, cancel := context.WithTimeout(ctx, limit+5*time.Second)
	defer cancel()
	command := exec.CommandContext(ctx, b.path, append(slices.Clone(b.args), "-test.v", "-test.count=1", "-test.run="+t.run, "-test.timeout="+limit.String())...)
	command.Dir = b.dir
	command.Env = append(os.Environ(), "INPROCCHAIN_UPSTREAM_REPORT="+report.Name())
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGKILL) }
	command.WaitDelay = time.Second
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	runErr := command.Run()

	reported, err := os.ReadFile(report.Name())
	if err != nil {
		return result{}, err
	}
	r := result{test: t, output: output.String(), took: time.Since(began)}
	called := false
	for line := range strings.Lines(string(reported)) {
		kind, what, _ := strings.Cut(strings.TrimSpace(line), "\t")
		switch kind {
		case "called":
			called = true
		case "network":
			r.reasons = append(r.reasons, what)
		}
	}
	var exit *exec.ExitError
	if runErr != nil && !errors.As(runErr, &exit) && ctx.Err() == nil {
		return result{}, fmt.Errorf("%s %s: %w", t.pkg, t.name, runErr)
	}
	if runErr == nil && !ran(t, r.output) {
		return result{}, fmt.Errorf("%s %s did not run:\n%s", t.pkg, t.name, r.output)
	}
	switch {
	case !called || runErr == nil && skipped(t, r.output):
		r.outcome = notApplicable
	case runErr == nil:
		r.outcome = passed
	default:
		r.outcome = failedInProcess
	}
	return r, nil
}

func ran(t test, output string) bool {
	return regexp.MustCompile(`--- (PASS|SKIP): ` + regexp.QuoteMeta(t.name) + ` `).MatchString(output)
}

func skipped(t test, output string) bool {
	return strings.Contains(output, "--- SKIP: "+t.name+" ")
}
