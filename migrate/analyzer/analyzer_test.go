package analyzer_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/analysis/analysistest"

	"github.com/inprocchain/inprocchain/migrate/analyzer"
)

// rewritten has the test packages with golden files. In those of kept, nothing is
// rewritten.
var (
	rewritten = []string{"intercept", "imports", "public", "runintercept"}
	kept      = []string{"interceptkept", "assertion", "replaced", "stats", "spans", "twice", "gateway", "metadata", "applications", "publicotel", "flipt", "leftalone"}
)

// removed has the test packages that use otelgrpc's interceptors, which its newest
// version does not have. They are tested only with the stand-ins.
var removed = []string{"spans", "twice", "publicotel"}

// TestAnalyzer checks that the analyzer reports exactly what the want comments of the
// test files say, and rewrites them to their golden files. It first uses stand-ins for
// the imported packages, which compile quickly and offline, and then the real packages.
func TestAnalyzer(t *testing.T) {
	results := analysistest.RunWithSuggestedFixes(t, analysistest.TestData(), analyzer.Analyzer, testPackages()...)

	fixed := make(map[string]bool)
	var findings []string
	for _, result := range results {
		for _, d := range result.Diagnostics {
			pos := result.Pass.Fset.Position(d.Pos)
			findings = append(findings, finding(pos, d))
			if len(d.SuggestedFixes) > 0 {
				fixed[pos.Filename] = true
			}
		}
	}

	t.Run("public uses", func(t *testing.T) { checkPublicUses(t, findings) })
	t.Run("golden", func(t *testing.T) {
		golden, err := filepath.Glob(filepath.Join(analysistest.TestData(), "src", "*", "*.golden"))
		if err != nil || len(golden) != len(fixed) {
			t.Errorf("%d files are rewritten, but there are %d golden files: %v", len(fixed), len(golden), err)
		}
		for file := range fixed {
			if slices.Contains(kept, filepath.Base(filepath.Dir(file))) {
				t.Errorf("%s is rewritten, but must not be", file)
			}
		}
	})
	t.Run("real packages", func(t *testing.T) {
		real := analyze(t, sources(t, false))
		for _, f := range findings {
			if pkg, _, _ := strings.Cut(f, "/"); !slices.Contains(real, f) && !slices.Contains(removed, pkg) {
				t.Errorf("reported only with the stand-ins: %s", f)
			}
		}
		for _, f := range real {
			if !slices.Contains(findings, f) {
				t.Errorf("reported only with the real packages: %s", f)
			}
		}
	})
}

func testPackages() []string { return slices.Concat(rewritten, kept) }
