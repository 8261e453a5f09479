package chaintest

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A recordedT records the failures of a test instead of reporting them.
type recordedT struct {
	testing.TB
	failures []string
}

func (t *recordedT) Helper() {}

func (t *recordedT) Context() context.Context { return t.TB.Context() }

func (t *recordedT) Error(args ...any) { t.failures = append(t.failures, fmt.Sprint(args...)) }

func (t *recordedT) Errorf(format string, args ...any) { t.Error(fmt.Sprintf(format, args...)) }

func (t *recordedT) Fatal(args ...any) {
	t.Error(args...)
	runtime.Goexit()
}

func (t *recordedT) Fatalf(format string, args ...any) { t.Fatal(fmt.Sprintf(format, args...)) }

// failuresOf runs test and returns the failures that it reports.
func failuresOf(t *testing.T, test func(testing.TB)) []string {
	t.Helper()
	s := &recordedT{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		test(s)
	}()
	<-done
	return s.failures
}

func mustFailWith(t *testing.T, failures []string, wants ...string) {
	t.Helper()
	all := strings.Join(failures, "\n")
	for _, want := range wants {
		if !strings.Contains(singleSpaced(all), singleSpaced(want)) {
			t.Errorf("no failure contains %q; they are:\n%s", want, all)
		}
	}
}

func mustHaveFailures(t *testing.T, failures []string, n int) {
	t.Helper()
	if len(failures) != n {
		t.Errorf("there are %d failures, want %d:\n%s", len(failures), n, strings.Join(failures, "\n"))
	}
}

// singleSpaced replaces all white space by single spaces, because cmp varies it.
func singleSpaced(text string) string { return strings.Join(strings.Fields(text), " ") }
