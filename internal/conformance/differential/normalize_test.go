package differential_test

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
)

var without = flag.String("differential.without", "", "comma-separated names of the normalizations that are not applied")

// A normalization excludes a difference that docs/differences.md documents from the
// comparison. If its entry in normalizations is deleted, the tester finds the difference.
type normalization struct {
	name    string
	row     string  // a part of its row in docs/differences.md
	example program // differs only if the normalization is not applied

	// Each may be nil.
	never func(p program) bool                  // reports whether the program is not even run
	skip  func(p program, network outcome) bool // reports whether the program is not compared
	edit  func(p program, e *event) bool        // edits an event of either side, and reports whether it is compared
	whole func(p program, o outcome)            // edits an outcome, after its events
}

// applied returns the normalizations that the flag does not disable.
func applied(t *testing.T) []normalization {
	t.Helper()
	kept := slices.Clone(normalizations)
	if *without == "" {
		return kept
	}
	for _, name := range strings.Split(*without, ",") {
		i := slices.IndexFunc(kept, func(n normalization) bool { return n.name == name })
		if i < 0 {
			t.Fatalf("-differential.without: there is no normalization %q", name)
		}
		kept = slices.Delete(kept, i, i+1)
	}
	return kept
}

// normalized returns the outcome after all normalizations.
func normalized(p program, o outcome, all []normalization) outcome {
	edited := make(outcome)
	for observer, events := range o {
		for _, e := range events {
			e.fields = slices.Clone(e.fields)
			if !slices.ContainsFunc(all, func(n normalization) bool { return n.edit != nil && !n.edit(p, &e) }) {
				edited[observer] = append(edited[observer], e)
			}
		}
	}
	for _, n := range all {
		if n.whole != nil {
			n.whole(p, edited)
		}
	}
	return edited
}

// TestEachNormalizationIsNeeded runs the example of each normalization with and without it.
func TestEachNormalizationIsNeeded(t *testing.T) {
	for i, n := range normalizations {
		t.Run(n.name, func(t *testing.T) {
			t.Parallel()
			all := &tester{T: t, normalizations: normalizations, reruns: 25, rerun: network}
			if d := all.compare(n.example, inProcess[:2]); d != nil {
				t.Errorf("the example differs with the normalization: %s", d.text(d.kinds()[0]))
			}
			others := &tester{T: t, normalizations: slices.Delete(slices.Clone(normalizations), i, i+1), reruns: 25, rerun: network}
			if others.compare(n.example, inProcess[:2]) == nil {
				t.Error("the example does not differ without the normalization; delete the normalization")
			}
		})
	}
}

func TestEachNormalizationIsDocumented(t *testing.T) {
	t.Parallel()
	differences, err := os.ReadFile("../../../docs/differences.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range normalizations {
		if !strings.Contains(string(differences), n.row) {
			t.Errorf("%s: docs/differences.md has no row with %q", n.name, n.row)
		}
	}
}
