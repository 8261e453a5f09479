package main

import "testing"

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
