package analyzer_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/analysis/analysistest"
)

// checkPublicUses checks that the table in README.md has a row with the correct result
// for each public use among the test files, and that the numbers below it are correct.
func checkPublicUses(t *testing.T, findings []string) {
	readme, err := os.ReadFile(filepath.Join("..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	uses, reported, rewritten := 0, 0, 0
	for _, pkg := range []string{"public", "publicotel"} {
		files, err := filepath.Glob(filepath.Join(analysistest.TestData(), "src", pkg, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			name := filepath.Base(file)
			if name == "public.go" {
				continue // It is shared by the others.
			}
			uses++
			result := "nothing to report"
			about := slices.DeleteFunc(slices.Clone(findings), func(f string) bool { return !strings.HasPrefix(f, pkg+"/"+name+":") })
			if len(about) > 0 {
				reported++
				result = "reported"
				if !slices.ContainsFunc(about, func(f string) bool { return !strings.HasSuffix(f, withFix) }) {
					rewritten++
					result = "rewritten"
				}
			}
			row := fmt.Sprintf("| %s | [%[2]s](analyzer/testdata/src/%[3]s/%[2]s) | %[4]s |", origin(t, file), name, pkg, result)
			if !strings.Contains(string(readme), row) {
				t.Errorf("README.md has no row that begins:\n%s", row)
			}
		}
	}
	if want := fmt.Sprintf("Of these %d uses, %d are reported and %d rewritten.", uses, reported, rewritten); !strings.Contains(string(readme), want) {
		t.Errorf("README.md does not say: %s", want)
	}
}

// origin returns what the row of a file begins with: the project that the file imitates, and
// the address of the original file, or its path if no commit is known. Both are in the first
// line of the file.
func origin(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(text), "\n")
	i := strings.LastIndex(first, ", ")
	if i < 0 {
		t.Fatalf("%s does not name its source in the first line", file)
	}
	project, source := strings.TrimPrefix(first[:i], "// "), first[i+2:]
	if strings.HasPrefix(source, "https://") {
		return fmt.Sprintf("[%s](%s)", project, source)
	}
	return fmt.Sprintf("%s, `%s`", project, source)
}
