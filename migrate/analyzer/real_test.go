package analyzer_test

import (
	"encoding/json"
	"fmt"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/analysistest"
	"golang.org/x/tools/go/analysis/checker"
	"golang.org/x/tools/go/packages"

	"github.com/inprocchain/inprocchain/migrate/analyzer"
)

// The module in testdata/real requires the real packages. The tests add the test files
// to it as an overlay, either unchanged or rewritten.

// TestRewrittenTwice checks that a second run rewrites nothing.
func TestRewrittenTwice(t *testing.T) {
	for _, finding := range analyze(t, sources(t, true)) {
		if strings.HasSuffix(finding, withFix) {
			t.Error(finding)
		}
	}
}

// TestRewrittenCompiles checks that the rewritten files compile with the real
// packages.
func TestRewrittenCompiles(t *testing.T) {
	overlay := overlayFile(t, sources(t, true))
	if out, err := goCommand(realEnv(t), "build", append([]string{"-overlay", overlay}, patterns()...)...); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestRewrittenRuns checks that the rewritten programs print the same as the original
// ones.
func TestRewrittenRuns(t *testing.T) {
	env, before, after := realEnv(t), overlayFile(t, sources(t, false)), overlayFile(t, sources(t, true))
	for _, program := range []string{"intercept", "runintercept"} {
		t.Run(program, func(t *testing.T) {
			original, err := goCommand(env, "run", "-overlay", before, "./"+program)
			if err != nil || original == "" {
				t.Fatalf("before: %v\n%s", err, original)
			}
			rewritten, err := goCommand(env, "run", "-overlay", after, "./"+program)
			if err != nil || rewritten != original {
				t.Errorf("after: %v\n%s\nbefore:\n%s", err, rewritten, original)
			}
		})
	}
}

// realPackages returns the test packages that compile with the real packages.
func realPackages() []string {
	return slices.DeleteFunc(testPackages(), func(pkg string) bool { return slices.Contains(removed, pkg) })
}

func patterns() (patterns []string) {
	for _, pkg := range realPackages() {
		patterns = append(patterns, "./"+pkg)
	}
	return patterns
}

// sources maps the path of each test file in the module of the real packages to
// the file with its text.
func sources(t *testing.T, golden bool) map[string]string {
	t.Helper()
	data, files := analysistest.TestData(), make(map[string]string)
	for _, pkg := range append(realPackages(), "flagspb") {
		dir := pkg
		if pkg == "flagspb" { // imported by others, under the path of the module
			dir = "example.com/real/flagspb"
		}
		names, err := filepath.Glob(filepath.Join(data, "src", dir, "*.go"))
		if err != nil || len(names) == 0 {
			t.Fatalf("no files in %s: %v", pkg, err)
		}
		for _, name := range names {
			path := filepath.Join(data, "real", pkg, filepath.Base(name))
			files[path] = name
			if _, err := os.Stat(name + ".golden"); err == nil && golden {
				files[path] = name + ".golden"
			}
		}
	}
	return files
}

// overlayFile writes a file for go build's flag -overlay.
func overlayFile(t *testing.T, sources map[string]string) string {
	t.Helper()
	text, err := json.Marshal(map[string]any{"Replace": sources})
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "overlay.json")
	if err := os.WriteFile(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// realEnv returns the environment for the go command in the module of the real
// packages. The go command uses a copy of go.mod, which it may update to the current
// requirements of inprocchain.
func realEnv(t *testing.T) []string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(filepath.Join(analysistest.TestData(), "real", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod -modfile="+filepath.Join(dir, "go.mod"))
}

// goCommand runs the go command in the module of the real packages.
func goCommand(env []string, verb string, args ...string) (string, error) {
	cmd := exec.Command("go", append([]string{verb}, args...)...)
	cmd.Dir = filepath.Join(analysistest.TestData(), "real")
	cmd.Env = env
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// analyze compiles the sources with the real packages and returns what the analyzer
// finds.
func analyze(t *testing.T, sources map[string]string) (findings []string) {
	t.Helper()
	overlay := make(map[string][]byte)
	for path, name := range sources {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		overlay[path] = text
	}
	pkgs, err := packages.Load(&packages.Config{
		Mode:    packages.LoadAllSyntax, // the analyzer summarizes functions of other packages
		Dir:     filepath.Join(analysistest.TestData(), "real"),
		Env:     realEnv(t),
		Overlay: overlay,
	}, patterns()...)
	if err != nil || packages.PrintErrors(pkgs) > 0 || len(pkgs) != len(patterns()) {
		t.Fatalf("%d packages: %v", len(pkgs), err)
	}
	graph, err := checker.Analyze([]*analysis.Analyzer{analyzer.Analyzer}, pkgs, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, root := range graph.Roots {
		if root.Err != nil {
			t.Error(root.Err)
		}
		for _, d := range root.Diagnostics {
			findings = append(findings, finding(root.Package.Fset.Position(d.Pos), d))
		}
	}
	return findings
}

const withFix = " [fix]"

func finding(pos token.Position, d analysis.Diagnostic) string {
	pkg := filepath.Base(filepath.Dir(pos.Filename))
	text := fmt.Sprintf("%s/%s:%d:%d: %s", pkg, filepath.Base(pos.Filename), pos.Line, pos.Column, d.Message)
	if len(d.SuggestedFixes) > 0 {
		text += withFix
	}
	return text
}
