package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

// runMainEnv is the environment variable that makes the test binary run main, for
// tests that need a process.
const runMainEnv = "FLAGS_RUN_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(runMainEnv) == "" {
		goleak.VerifyTestMain(m)
		return
	}
	main()
	if err := goleak.Find(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(3)
	}
	os.Exit(0)
}

func TestHelpSucceedsAndDescribesEveryFlag(t *testing.T) {
	t.Parallel()
	var stderr bytes.Buffer
	if err := run(t.Context(), []string{"-help"}, nil, &stderr); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"-serve", "-until-eof", "-split", "-grpc", "-http", "-token", "-audit", "-otlp"} {
		if !strings.Contains(stderr.String(), name) {
			t.Errorf("%s is missing from:\n%s", name, &stderr)
		}
	}
}

func TestInvalidArgumentsAreRejected(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"-bogus"}, "flag provided but not defined: -bogus"},
		{[]string{"serve"}, `unexpected argument "serve"`},
		{[]string{"-token", ""}, "-token is empty"},
		{[]string{"-serve", "-token="}, "-token is empty"},
		{[]string{"-serve", "-split"}, "-serve and -split cannot be combined"},
		{[]string{"-split", "-until-eof"}, "-until-eof has no effect without -serve"},
		{[]string{"-http", ""}, "-http is empty"},
		{[]string{"-split", "-http="}, "-http is empty"},
	} {
		var stderr bytes.Buffer
		if err := run(t.Context(), test.args, nil, &stderr); !errors.Is(err, errUsage) {
			t.Errorf("run %q: error %v, want errUsage", test.args, err)
		}
		if !strings.Contains(stderr.String(), test.want) {
			t.Errorf("run %q prints no %q on standard error:\n%s", test.args, test.want, &stderr)
		}
	}
}

func TestErrorsNameTheFlagToChange(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, args := range [][]string{
		{"-grpc", taken.Addr().String()},
		{"-http", taken.Addr().String()},
		{"-audit", t.TempDir()},
		{"-otlp", "%"},
	} {
		for _, mode := range [][]string{nil, {"-serve"}} {
			ctx, cancel := context.WithCancel(t.Context())
			cancel() // so that -serve stops if it starts
			var out bytes.Buffer
			err := run(ctx, append(mode, args...), &out, &out)
			if err == nil || !strings.Contains(err.Error(), args[0]) {
				t.Errorf("run %v %v: error %v, want one that names %s", mode, args, err, args[0])
			}
		}
	}
}
