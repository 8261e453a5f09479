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

// A spy is a test that fails without consequences.
type spy struct {
	testing.TB
	failures []string
}

func (s *spy) Helper() {}

func (s *spy) Context() context.Context { return s.TB.Context() }

func (s *spy) Error(args ...any) { s.failures = append(s.failures, fmt.Sprint(args...)) }

func (s *spy) Errorf(format string, args ...any) { s.Error(fmt.Sprintf(format, args...)) }

func (s *spy) Fatal(args ...any) {
	s.Error(args...)
	runtime.Goexit()
}

func (s *spy) Fatalf(format string, args ...any) { s.Fatal(fmt.Sprintf(format, args...)) }

// failuresOf returns what a test fails with.
func failuresOf(t *testing.T, test func(testing.TB)) []string {
	t.Helper()
	s := &spy{TB: t}
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
		if !strings.Contains(all, want) {
			t.Errorf("no failure says %q, but:\n%s", want, all)
		}
	}
}
