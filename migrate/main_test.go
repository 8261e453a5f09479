package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestReports(t *testing.T) {
	dir := workspace(t)
	out, code := execute(t, dir, "flipt", "./...")
	if code != 3 {
		t.Errorf("exit %d, want 3", code)
	}
	wantLines(t, filepath.ToSlash(out), "flipt/grpc.go:21:", "flipt/grpc.go:15:", "flipt/main.go:22:")
	if out, code := execute(t, dir, "leftalone", "./..."); out != "" || code != 0 {
		t.Errorf("nothing to report: exit %d, %s", code, out)
	}
}

func TestVettool(t *testing.T) {
	dir := workspace(t)
	tool := filepath.Join(t.TempDir(), "migrate.exe") // Windows requires the suffix.
	if out, err := exec.Command("go", "build", "-o", tool, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	enter(t, dir, "flipt")
	out, err := exec.Command("go", "vet", "-vettool="+tool, ".").CombinedOutput()
	if err == nil {
		t.Error("go vet exits 0")
	}
	wantLines(t, strings.TrimPrefix(string(out), "# flipt\n"), "grpc.go:21:", "grpc.go:15:", "main.go:22:")
}

func TestDiffThenFixThenFixAgain(t *testing.T) {
	dir := workspace(t)
	file := filepath.Join(dir, "src", "imports", "present.go")
	before, golden := read(t, file), read(t, file+".golden")

	for _, flags := range [][]string{{"-diff"}, {"-fix", "-diff"}, {"--diff=true"}, {"-tags", "x", "-diff"}} {
		out, code := execute(t, dir, "imports", append(flags, ".")...)
		if code != 0 || !strings.Contains(out, "\n-\treturn grpchan.Intercept") || !strings.Contains(out, "\n+\treturn chain.Wrap(") {
			t.Errorf("%v: exit %d\n%s", flags, code, out)
		}
		if read(t, file) != before {
			t.Fatalf("%v changed the file", flags)
		}
	}
	for _, time := range []string{"once", "twice"} {
		if out, code := execute(t, dir, "imports", "-fix", "."); out != "" || code != 0 {
			t.Errorf("-fix %s: exit %d\n%s", time, code, out)
		}
		if after := read(t, file); after != golden {
			t.Errorf("-fix %s:\n%s\nwant:\n%s", time, after, golden)
		}
	}
}

// TestRemaining checks that -diff and -fix print the reports without a fix: -diff those
// of the original files, -fix those of the rewritten files.
func TestRemaining(t *testing.T) {
	dir := workspace(t)
	reports, _ := execute(t, dir, "intercept", ".")
	var kept []string // the file and line of each report without a fix
	for line := range strings.Lines(reports) {
		if strings.Contains(line, "not rewritten") {
			kept = append(kept, line)
		}
	}
	out, code := execute(t, dir, "intercept", "-diff", ".")
	if code != 3 || !strings.HasSuffix(out, strings.Join(kept, "")) {
		t.Errorf("-diff: exit %d\n%s\nwant last:\n%s", code, out, strings.Join(kept, ""))
	}

	for _, pkg := range []string{"intercept", "gateway"} {
		out, code := execute(t, dir, pkg, "-fix", ".")
		again, _ := execute(t, dir, pkg, ".")
		if code != 3 || out != again {
			t.Errorf("-fix in %s: exit %d\n%s\nand then without flags:\n%s", pkg, code, out, again)
		}
	}
}

// TestRemainingBeforeGoGet checks the output of -fix if the rewritten files do not
// compile yet.
func TestRemainingBeforeGoGet(t *testing.T) {
	dir := workspace(t)
	if err := os.RemoveAll(filepath.Join(dir, "src", "github.com", "inprocchain")); err != nil {
		t.Fatal(err)
	}
	out, code := execute(t, dir, "intercept", "-fix", ".")
	first, rest, _ := strings.Cut(out, "\n")
	if code != 3 || !strings.Contains(first, "go get github.com/inprocchain/inprocchain") || !strings.Contains(rest, "not rewritten: it adds a layer") || strings.Count(rest, "\n") != 1 {
		t.Errorf("exit %d\n%s", code, out)
	}
	if out, code := execute(t, dir, "intercept", "-fix", "."); code != 1 {
		t.Errorf("with packages that do not compile: exit %d\n%s", code, out)
	}
}

// TestDiffOfUnformattedFile checks that lines without an edit stay as they are.
func TestDiffOfUnformattedFile(t *testing.T) {
	dir := workspace(t)
	file := filepath.Join(dir, "src", "runintercept", "main.go")
	unformatted := strings.ReplaceAll(read(t, file), "\t", "    ") + "\n\nvar   unformatted=1\n"
	if err := os.WriteFile(file, []byte(unformatted), 0o600); err != nil {
		t.Fatal(err)
	}
	out, code := execute(t, dir, "runintercept", "-diff", ".")
	_, hunks, _ := strings.Cut(out, "\n@@")
	if changed := strings.Count(hunks, "\n-") + strings.Count(hunks, "\n+"); code != 0 || changed != 6 {
		t.Errorf("exit %d, %d changed lines, want 6 (two calls and an import)\n%s", code, changed, out)
	}
}

// TestErrors checks that errors are printed after the reports on the other packages, and
// only their causes.
func TestErrors(t *testing.T) {
	dir := workspace(t)
	for name, text := range map[string]string{
		"missing":  "package missing\n\nimport (\n\t_ \"example.com/missing\"\n\t_ \"google.golang.org/grpc\"\n)\n",
		"mistyped": "package mistyped\n\nimport \"google.golang.org/grpc\"\n\nvar _ grpc.Missing\n",
		"mistaken": "package mistaken\n\nimport (\n\t_ \"google.golang.org/grpc\"\n\t_ \"mistyped\"\n)\n",
		"syntax":   "package syntax\n\nimport _ \"google.golang.org/grpc\"\n\nfunc {\n",
		"ignored":  "package ignored\n\nvar x int = \"not analyzed\"\n",
	} {
		file := filepath.Join(dir, "src", name, name+".go")
		if err := errors.Join(os.Mkdir(filepath.Dir(file), 0o700), os.WriteFile(file, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	out, code := execute(t, dir, "intercept", "../missing", "../mistaken", "../mistyped", "../syntax", "../ignored", ".")
	reports, errs, _ := strings.Cut(out, "migrate: ")
	if code != 1 || !strings.Contains(filepath.ToSlash(reports), "intercept/main.go:") {
		t.Errorf("exit %d\n%s", code, out)
	}
	wantLines(t, "migrate: "+errs, `missing.go:4:2: cannot find package "example.com/missing"`, "GOROOT", "GOPATH", `mistyped.go:5:12: undefined: grpc.Missing`, `syntax.go:5:6: expected 'IDENT'`, "migrate: the packages with these errors")
	if out, code := execute(t, dir, "intercept", "./nothing"); code != 1 || !strings.HasPrefix(out, "migrate: ") {
		t.Errorf("no package: exit %d\n%s", code, out)
	}
}

// TestMisplacedDiff checks that a -diff after the packages, where it is not a flag,
// does not rewrite.
func TestMisplacedDiff(t *testing.T) {
	dir := workspace(t)
	file := filepath.Join(dir, "src", "imports", "present.go")
	before := read(t, file)
	if out, code := execute(t, dir, "imports", ".", "-diff"); code == 0 {
		t.Errorf("exit 0\n%s", out)
	}
	if read(t, file) != before {
		t.Error("the file was changed")
	}
}

func TestUsage(t *testing.T) {
	dir := workspace(t)
	for _, test := range []struct {
		args []string
		code int
	}{{nil, 1}, {[]string{"-h"}, 0}, {[]string{"-nonsense"}, 2}} {
		out, code := execute(t, dir, "flipt", test.args...)
		if code != test.code || !strings.Contains(out, "migrate -fix ./...") {
			t.Errorf("%v: exit %d, want %d\n%s", test.args, code, test.code, out)
		}
	}
}

// TestREADME checks that README.md shows the actual output of the runs, except for the
// want comments in the test files.
func TestREADME(t *testing.T) {
	dir := workspace(t)
	readme := read(t, "README.md")
	report, _ := execute(t, dir, "flipt", "./...")
	diff, _ := execute(t, dir, "runintercept", "-diff", ".")
	for _, out := range []string{report, diff} {
		out = filepath.ToSlash(strings.ReplaceAll(out, filepath.Join(dir, "src"), "/home/you"))
		out = regexp.MustCompile(` +// want .*`).ReplaceAllString(out, "")
		if !strings.Contains(readme, "\n"+out+"```\n") {
			t.Errorf("README.md does not show:\n%s", out)
		}
	}
}

// workspace copies the analyzer's test files and stand-ins to a directory in which they
// can be rewritten.
func workspace(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "src"), os.DirFS(filepath.Join("analyzer", "testdata", "src"))); err != nil {
		t.Fatal(err)
	}
	return dir
}

// enter makes a package of the workspace the current directory.
func enter(t *testing.T, workspace, pkg string) {
	t.Helper()
	t.Chdir(filepath.Join(workspace, "src", pkg))
	t.Setenv("GO111MODULE", "off")
	t.Setenv("GOFLAGS", "")
	t.Setenv("GOPATH", workspace)
}

// execute runs the command in a package of the workspace.
func execute(t *testing.T, workspace, pkg string, args ...string) (out string, code int) {
	t.Helper()
	enter(t, workspace, pkg)
	var output bytes.Buffer
	code = run(args, &output, &output)
	return output.String(), code
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// wantLines checks that out has one line for each part, which contains it.
func wantLines(t *testing.T, out string, parts ...string) {
	t.Helper()
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	if len(lines) != len(parts) {
		t.Fatalf("%d lines, want %d:\n%s", len(lines), len(parts), out)
	}
	for i, part := range parts {
		if !strings.Contains(lines[i], part) {
			t.Errorf("line %d: %s\nwant it to contain %q", i+1, lines[i], part)
		}
	}
}
