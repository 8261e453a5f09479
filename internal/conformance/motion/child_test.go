package motion_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// childVariable tells a test that it runs in a process of its own, and what to do there.
const childVariable = "MOTION_TEST_CHILD"

func isChild() bool { return os.Getenv(childVariable) != "" }

// runChild runs the current test in a process of its own. It returns its exit code and what
// it wrote.
func runChild(t *testing.T, do string) (code int, output string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*limit)
	defer cancel()
	name, _, _ := strings.Cut(t.Name(), "/")
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^"+name+"$")
	cmd.Env = append(os.Environ(), childVariable+"="+do, "GOTRACEBACK=single",
		"GORACE=atexit_sleep_ms=0") // The race detector must not delay the exit.
	out := new(bytes.Buffer)
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Run(); err != nil {
		if exit := new(exec.ExitError); !errors.As(err, &exit) {
			t.Fatal(err)
		}
	}
	return cmd.ProcessState.ExitCode(), out.String()
}

func kindNamed(name string) kind {
	return kinds[slices.IndexFunc(kinds, func(k kind) bool { return k.name == name })]
}
