package analyzer_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/analysis/analysistest"

	"github.com/inprocchain/inprocchain/migrate/analyzer"
)

// rewritten are the test packages with something that is rewritten, into their golden files. Those in kept are
// reported as they say, and stay as they are.
var (
	rewritten = []string{"intercept", "imports", "assertion", "stats", "clientconn", "runintercept", "runassertion", "runstats"}
	kept      = []string{"interceptkept", "replaced", "flipt", "leftalone"}
)

// TestAnalyzer proves that the test files are reported exactly where they say and become their golden files,
// first with stand-ins for the packages that they import, which compile fast and anywhere.
func TestAnalyzer(t *testing.T) {
	results := analysistest.RunWithSuggestedFixes(t, analysistest.TestData(), analyzer.Analyzer, testPackages()...)

	mended := make(map[string]bool)
	var findings []string
	for _, result := range results {
		for _, d := range result.Diagnostics {
			pos := result.Pass.Fset.Position(d.Pos)
			findings = append(findings, finding(pos, d))
			if len(d.SuggestedFixes) > 0 {
				mended[pos.Filename] = true
			}
		}
	}

	t.Run("golden", func(t *testing.T) {
		golden, err := filepath.Glob(filepath.Join(analysistest.TestData(), "src", "*", "*.golden"))
		if err != nil || len(golden) != len(mended) {
			t.Errorf("%d files are rewritten, and %d golden files say how: %v", len(mended), len(golden), err)
		}
		for file := range mended {
			if slices.Contains(kept, filepath.Base(filepath.Dir(file))) {
				t.Errorf("%s is rewritten, and is not to be", file)
			}
		}
	})
	t.Run("real packages", func(t *testing.T) {
		real := analyze(t, sources(t, false))
		slices.Sort(findings)
		slices.Sort(real)
		if !slices.Equal(findings, real) {
			t.Errorf("with stand-ins:\n%s\nwith the real packages:\n%s", strings.Join(findings, "\n"), strings.Join(real, "\n"))
		}
	})
}

func testPackages() []string { return slices.Concat(rewritten, kept) }
