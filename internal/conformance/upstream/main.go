// Command upstream runs tests of grpc-go and other gRPC projects with their connections
// replaced by Channels.
//
// It copies the modules that go.mod requires, adds a hook to the copy of grpc-go, builds the
// test binaries and runs each test in a separate process. The hook makes [grpc.NewClient]
// return the ClientConn of a Channel if the target is a server in the same process and every
// option of both has a counterpart.
//
// A test that passes without an RPC through a Channel is not applicable. A test that fails
// without a replaced connection is not applicable either.
//
// The hook translates options. It changes nothing that callers, handlers, interceptors or
// stats handlers see. It does one thing for the ClientConn: it sets its state to Ready, and
// to Idle once the server has stopped, because the tests wait for that. It ignores options
// that only tune a connection, which are buffer and window sizes, and TLS if both sides would
// accept each other.
//
// With -applications it does the same for applications that call their own services, each with
// the go.mod of its own, and with applications.txt instead of failures.txt.
//
// It fails if a test fails that failures.txt does not list, if a test passes that it lists,
// and if the table in docs/differences.md is not the one that it prints. A test with an
// unexpected result is run up to three times, because the order of some events varies, also on
// a network.
package main

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
)

func main() {
	only := flag.String("suite", "", "run only the suites whose name matches this regular expression")
	pattern := flag.String("run", "", "run only the tests whose name matches this regular expression")
	verbose := flag.Bool("v", false, "print every test, and the output of those that fail")
	logs := flag.String("logs", "", "write the output of each test to this directory")
	parallel := flag.Int("parallel", 6, "the `number` of tests that run at the same time; it may exceed the number of cores, since most tests wait")
	network := flag.Bool("network", false, "replace no connection, to see the results on a network")
	apps := flag.Bool("applications", false, "run the tests of applications instead")
	limit := flag.Duration("limit", 30*time.Second, "the time limit of a test")
	deadline := flag.Duration("deadline", 5*time.Minute+30*time.Second, "the time limit of all tests")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, *deadline)
	defer cancel()
	c := config{
		suites:   regexp.MustCompile(*only),
		tests:    regexp.MustCompile(*pattern),
		verbose:  *verbose,
		logs:     *logs,
		parallel: *parallel,
		limit:    *limit,
		listed:   suites,
		failures: "failures.txt",
	}
	if *apps {
		c.listed, c.failures = applications, "applications.txt"
	}
	if *network {
		os.Setenv("INPROCCHAIN_UPSTREAM_NETWORK", "1")
	}
	if err := c.run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "upstream:", err)
		os.Exit(1)
	}
}

// A config has the values of the flags, and the expected results.
type config struct {
	suites, tests *regexp.Regexp
	expected      map[string]expectation
	differences   string // the text of docs/differences.md
	verbose       bool
	logs          string
	parallel      int
	limit         time.Duration
	listed        []suite // the suites, or the applications
	failures      string  // the file with their tests that fail
}

func (c config) run(ctx context.Context) error {
	listed, err := os.ReadFile(c.failures)
	if err != nil {
		return err
	}
	differences, err := os.ReadFile("../../../docs/differences.md")
	if err != nil {
		return err
	}
	c.differences = string(differences)
	c.expected, err = parseExpected(string(listed), c.differences)
	if err != nil {
		return fmt.Errorf("%s: %w", c.failures, err)
	}
	var selected []suite
	for _, suite := range c.listed {
		if c.suites.MatchString(suite.name) {
			selected = append(selected, suite)
		}
	}
	results, err := c.runSelected(ctx, selected)
	fmt.Print("\n", table(selected, results), repeats(results))
	if err != nil {
		return err
	}
	return c.verdict(selected, results)
}

// runSelected runs the tests of the suites. Each application has a workspace of its own.
func (c config) runSelected(ctx context.Context, selected []suite) (map[string][]result, error) {
	results := map[string][]result{}
	var inOne []suite // in one workspace
	for _, s := range selected {
		if s.version == "" {
			inOne = append(inOne, s)
			continue
		}
		w, err := newApplication(ctx, s)
		if err != nil {
			return results, err
		}
		ofOne, err := c.runAll(ctx, w, []suite{s})
		maps.Copy(results, ofOne)
		if err != nil {
			return results, err
		}
	}
	if len(inOne) == 0 {
		return results, nil
	}
	w, err := newWorkspace(ctx, inOne)
	if err != nil {
		return results, err
	}
	return c.runAll(ctx, w, inOne)
}

// runAll builds the suites one after the other and runs the tests of those that
// are built. If it cannot finish, it returns the results so far and an error.
func (c config) runAll(ctx context.Context, w *workspace, selected []suite) (map[string][]result, error) {
	var (
		mu      sync.Mutex // guards
		results = map[string][]result{}
		aborted []string
		serial  sync.Mutex
	)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(c.parallel)
	for _, suite := range selected {
		binaries, err := w.build(ctx, suite)
		if err != nil {
			group.Go(func() error { return err })
			break
		}
		for _, binary := range binaries {
			for _, test := range binary.tests {
				if !c.tests.MatchString(test.name) {
					continue
				}
				group.Go(func() error {
					if suite.serial {
						serial.Lock()
						defer serial.Unlock()
					}
					if ctx.Err() != nil {
						return ctx.Err()
					}
					attempted, err := c.attempt(ctx, binary, test)
					mu.Lock()
					defer mu.Unlock()
					if ctx.Err() != nil {
						aborted = append(aborted, key(test))
					}
					for _, result := range attempted {
						results[suite.name] = append(results[suite.name], result)
						c.show(result)
					}
					return err
				})
			}
		}
	}
	err := group.Wait()
	if len(aborted) > 0 {
		err = fmt.Errorf("%w; these tests were running:\n\t%s", err, strings.Join(aborted, "\n\t"))
	}
	return results, err
}

// attempts is the maximum number of runs of a test with an unexpected result. The results of
// some tests depend on which side is faster.
const attempts = 3

// attempt runs a test until its results are the expected ones.
func (c config) attempt(ctx context.Context, b binary, t test) ([]result, error) {
	for attempt := 1; ; attempt++ {
		results, err := b.run(ctx, t, c.limit)
		if err != nil {
			return nil, err
		}
		retry := false
		for i := range results {
			results[i].attempt = attempt
			retry = retry || c.unexpected(results[i]) && results[i].took < c.limit
		}
		if !retry || attempt == attempts {
			return results, nil
		}
	}
}

func (c config) unexpected(r result) bool {
	_, listed := c.expected[key(r.test)]
	return listed != (r.outcome == failedInProcess)
}

func (c config) show(r result) {
	if c.logs != "" {
		name := strings.NewReplacer("/", "_", " ", "__").Replace(key(r.test))
		_ = writeFile(filepath.Join(c.logs, name+".log"), []byte(r.output))
	}
	if !c.verbose {
		return
	}
	fmt.Printf("%-15s %6.2fs  %s", r.outcome, r.took.Seconds(), key(r.test))
	if r.outcome == notApplicable && len(r.reasons) > 0 {
		fmt.Printf("  (%s)", strings.Join(r.reasons, "; "))
	}
	if r.attempt > 1 {
		fmt.Printf("  (attempt %d)", r.attempt)
	}
	fmt.Println()
}
