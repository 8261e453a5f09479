package main

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// An edit whose old text is gone tests nothing.
func TestEditsFitTheirFiles(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for i, e := range edits() {
		if seen[e.String()] {
			t.Errorf("%v: there are two edits with this purpose", e)
		}
		seen[e.String()] = true
		if err := new(wovenFile).add("../..", i+1, e); err != nil {
			t.Errorf("%v: %v", e, err)
		}
	}
}

// A test that has another name by now makes the run of its edit longer, and nobody notices.
func TestNamedTestsExist(t *testing.T) {
	t.Parallel()
	tests := map[string]bool{}
	for _, name := range packages {
		files, err := filepath.Glob(filepath.Join("../..", name, "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			source, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, match := range declaration.FindAllSubmatch(source, -1) {
				tests[name+" "+string(match[1])] = true
			}
		}
	}
	for _, e := range edits() {
		if e.by != "" && !tests[e.by] {
			t.Errorf("%v: there is no test %q", e, e.by)
		}
	}
}

var declaration = regexp.MustCompile(`(?m)^func ((?:Test|Example)\w+)\(`)
