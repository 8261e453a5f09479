package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// migrate is the command, built once for all tests.
var migrate string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "migrate")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		migrate = filepath.Join(dir, "migrate")
		if out, err := exec.Command("go", "build", "-o", migrate, ".").CombinedOutput(); err != nil {
			panic(string(out))
		}
		return m.Run()
	}())
}

func TestReports(t *testing.T) {
	dir := workspace(t)
	out, code := run(t, dir, "flipt", migrate, "./...")
	if code != 3 {
		t.Errorf("exit %d, want 3", code)
	}
	wantLines(t, out, "flipt/grpc.go:21:", "flipt/grpc.go:15:", "flipt/main.go:23:", "flipt/main.go:23:", "flipt/main.go:32:")
	if out, code := run(t, dir, "leftalone", migrate, "./..."); out != "" || code != 0 {
		t.Errorf("nothing to report: exit %d, %s", code, out)
	}
}

func TestVettool(t *testing.T) {
	out, code := run(t, workspace(t), "flipt", "go", "vet", "-vettool="+migrate, ".")
	if code != 1 {
		t.Errorf("exit %d, want 1", code)
	}
	wantLines(t, out, "grpc.go:21:", "grpc.go:15:", "main.go:23:", "main.go:23:", "main.go:32:")
}

func TestDiffThenFixThenFixAgain(t *testing.T) {
	dir := workspace(t)
	file := filepath.Join(dir, "src", "imports", "present.go")
	before, golden := read(t, file), read(t, file+".golden")

	for _, flags := range [][]string{{"-diff"}, {"-fix", "-diff"}, {"--diff=true"}} {
		out, code := run(t, dir, "imports", append(append([]string{migrate}, flags...), ".")...)
		if code != 0 || !strings.Contains(out, "\n-\treturn grpchan.Intercept") || !strings.Contains(out, "\n+\treturn chain.Wrap(") {
			t.Errorf("%v: exit %d\n%s", flags, code, out)
		}
		if read(t, file) != before {
			t.Fatalf("%v changed the file", flags)
		}
	}
	for _, time := range []string{"once", "twice"} {
		if out, code := run(t, dir, "imports", migrate, "-fix", "."); out != "" || code != 0 {
			t.Errorf("-fix %s: exit %d\n%s", time, code, out)
		}
		if after := read(t, file); after != golden {
			t.Errorf("-fix %s:\n%s\nwant:\n%s", time, after, golden)
		}
	}
}

// TestMisplacedDiff guards against a -diff after the packages, where it is no flag, that rewrites.
func TestMisplacedDiff(t *testing.T) {
	dir := workspace(t)
	file := filepath.Join(dir, "src", "imports", "present.go")
	before := read(t, file)
	if out, code := run(t, dir, "imports", migrate, ".", "-diff"); code == 0 {
		t.Errorf("exit 0\n%s", out)
	}
	if read(t, file) != before {
		t.Error("the file is changed")
	}
}

func TestUsage(t *testing.T) {
	for _, test := range []struct {
		args []string
		code int
	}{{nil, 1}, {[]string{"-h"}, 0}, {[]string{"-nonsense"}, 2}} {
		out, code := run(t, workspace(t), "flipt", append([]string{migrate}, test.args...)...)
		if code != test.code || !strings.Contains(out, "migrate -fix ./...") {
			t.Errorf("%v: exit %d, want %d\n%s", test.args, code, test.code, out)
		}
	}
}

// TestREADME holds the runs shown in the README to what they really print, but for the test files' comments on
// what is to be found.
func TestREADME(t *testing.T) {
	dir := workspace(t)
	readme := read(t, "README.md")
	report, _ := run(t, dir, "flipt", migrate, "./...")
	diff, _ := run(t, dir, "runintercept", migrate, "-diff", ".")
	for _, out := range []string{report, diff} {
		out = strings.ReplaceAll(out, filepath.Join(dir, "src"), "/home/you")
		out = regexp.MustCompile(` +// want .*`).ReplaceAllString(out, "")
		if !strings.Contains(readme, "\n"+out+"```\n") {
			t.Errorf("README.md does not show:\n%s", out)
		}
	}
}

// workspace copies the analyzer's test files, and the stand-ins that they compile with, to where they may be
// rewritten.
func workspace(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "src"), os.DirFS(filepath.Join("analyzer", "testdata", "src"))); err != nil {
		t.Fatal(err)
	}
	return dir
}

// run runs a command in a package of the workspace.
func run(t *testing.T, workspace, pkg string, args ...string) (out string, code int) {
	t.Helper()
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir = filepath.Join(workspace, "src", pkg)
	cmd.Env = append(os.Environ(), "GO111MODULE=off", "GOFLAGS=", "GOPATH="+workspace, "PWD="+cmd.Dir)
	text, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return string(text), cmd.ProcessState.ExitCode()
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// wantLines checks that out has exactly as many lines as there are parts, and each its part.
func wantLines(t *testing.T, out string, parts ...string) {
	t.Helper()
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	if len(lines) != len(parts) {
		t.Fatalf("%d lines, want %d:\n%s", len(lines), len(parts), out)
	}
	for i, part := range parts {
		if !strings.Contains(lines[i], part) {
			t.Errorf("line %d: %s\nwant %q in it", i+1, lines[i], part)
		}
	}
}
