package main

import (
	"fmt"
	"strings"
)

// An expectation says why a test fails in-process.
type expectation struct {
	row    string // text of a row of docs/differences.md
	reason string
}

// parseExpected reads failures.txt: paragraphs with a row, a reason and the tests to which
// they apply, by package and name.
func parseExpected(text, differences string) (map[string]expectation, error) {
	expected := map[string]expectation{}
	for paragraph := range strings.SplitSeq(text, "\n\n") {
		var e expectation
		tests := 0
		for line := range strings.Lines(paragraph) {
			line = strings.TrimSpace(line)
			switch {
			case line == "" || strings.HasPrefix(line, "#"):
			case strings.HasPrefix(line, "row:"):
				e.row = strings.TrimSpace(strings.TrimPrefix(line, "row:"))
				if !strings.Contains(differences, e.row) {
					return nil, fmt.Errorf("docs/differences.md has no row with %q", e.row)
				}
			case strings.HasPrefix(line, "reason:"):
				e.reason = strings.TrimSpace(strings.TrimPrefix(line, "reason:"))
			case e.row == "" || e.reason == "":
				return nil, fmt.Errorf("%q is listed without a row or without a reason", line)
			default:
				if _, ok := expected[line]; ok {
					return nil, fmt.Errorf("%q is listed twice", line)
				}
				expected[line] = e
				tests++
			}
		}
		if e != (expectation{}) && tests == 0 {
			return nil, fmt.Errorf("the paragraph for %q lists no test", e.row)
		}
	}
	return expected, nil
}

func key(t test) string { return t.pkg + " " + t.name }
