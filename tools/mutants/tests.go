package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"
)

// packages has the directories whose tests run with each edit, until one fails. Those that
// are fast come first.
var packages = []string{
	"internal/rpc",
	"internal/conformance/barechannel",
	"internal/conformance/connection",
	"internal/conformance/docs",
	"internal/conformance/codecs",
	"internal/conformance/details",
	".",
	"internal/conformance/motion",
	"internal/conformance/scenarios",
	"internal/conformance/reliability",
	"internal/conformance/differential",
	"internal/conformance/telemetry",
	"internal/conformance/middleware",
	"internal/conformance/suites",
	"internal/message",
}

const (
	atOnce   = 4                   // packages, whose tests wait most of the time
	parallel = "-test.parallel=16" // for the same reason, whatever the number of cores
	limit    = time.Minute         // after which the tests of a package have failed
	known    = 20 * time.Second    // after which the test that is known to notice an edit has failed
)

// A suite is the compiled tests of all packages, with edits.
type suite struct {
	root, directory string
	race            bool
	left            map[string]string // the tests of a package that are left out, as a pattern
}

// prepare compiles the tests to directory. It leaves out those that fail without an edit, and
// prints them. overlay is the result of writeOverlay.
func (s suite) prepare(ctx context.Context, overlay string) error {
	for _, name := range packages {
		args := []string{"test", "-c", "-vet=off", "-overlay", overlay, "-o", s.binary(name)}
		if s.race {
			args = append(args, "-race")
		}
		command := exec.CommandContext(ctx, "go", args...)
		command.Dir = filepath.Join(s.root, name)
		if output, err := command.CombinedOutput(); err != nil {
			return fmt.Errorf("the tests of %s do not compile: %w\n%s", name, err, output)
		}
	}
	for by := s.notice(ctx, 0, ""); by != ""; by = s.notice(ctx, 0, "") {
		fmt.Println("left out, because it fails without an edit:", by)
		name, test, _ := strings.Cut(by, " ")
		s.left[name] += "|^" + test + "$"
	}
	return ctx.Err()
}

func (s suite) binary(name string) string {
	return filepath.Join(s.directory, fmt.Sprintf("%s-race=%t.test", strings.ReplaceAll(name, "/", "-"), s.race))
}

// timeout returns the flag with a limit, which is longer for the race detector.
func (s suite) timeout(limit time.Duration) string {
	if s.race {
		limit *= 3
	}
	return "-test.timeout=" + limit.String()
}

// notice returns the test that fails with the n-th edit, as "package Test", or "".
func (s suite) notice(ctx context.Context, n int, by string) string {
	if name, test, _ := strings.Cut(by, " "); name != "" {
		if _, failed := s.run(ctx, n, name, "-test.run=^"+test+"$", s.timeout(known)); failed {
			return by
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	found := make(chan string, len(packages))
	running := make(chan struct{}, atOnce)
	var group sync.WaitGroup
	for _, name := range packages {
		running <- struct{}{}
		group.Go(func() {
			defer func() { <-running }()
			if test := s.fails(ctx, n, name); test != "" && ctx.Err() == nil {
				found <- name + " " + test
				cancel()
			}
		})
	}
	group.Wait()
	close(found)
	return <-found
}

// fails returns a test of a package that fails, and fails again when it runs alone, or "".
// Others that fail may do so only sometimes, and say nothing about the edit.
func (s suite) fails(ctx context.Context, n int, name string) string {
	skip := "^$" + s.left[name]
	for ctx.Err() == nil {
		test, failed := s.run(ctx, n, name, "-test.skip="+skip, s.timeout(limit))
		if !failed {
			return ""
		}
		if _, again := s.run(ctx, n, name, "-test.run=^"+test+"$", s.timeout(known)); again {
			return test
		}
		skip += "|^" + test + "$"
	}
	return ""
}

// run runs tests of a package. It returns the name of one that fails, or ".*" if the output
// has no name.
func (s suite) run(ctx context.Context, n int, name string, args ...string) (test string, failed bool) {
	command := exec.CommandContext(ctx, s.binary(name), append(args, parallel, "-test.failfast")...)
	command.Dir = filepath.Join(s.root, name)
	command.Env = append(os.Environ(), fmt.Sprintf("%s=%d", number, n))
	command.WaitDelay = time.Second
	output, err := command.CombinedOutput()
	if err == nil {
		return "", false
	}
	for _, pattern := range []*regexp.Regexp{failure, unfinished, frame} {
		if match := pattern.FindSubmatch(output); match != nil {
			return string(match[1]), true
		}
	}
	return ".*", true
}

var (
	failure    = regexp.MustCompile(`(?m)^--- FAIL: (\w+)`)
	unfinished = regexp.MustCompile(`(?m)^\s+(Test\w+)\S* \(\d`) // after "running tests:", when the time is up
	frame      = regexp.MustCompile(`(?m)\.(Test\w+)[.(]`)       // in the stack of a panic
)
