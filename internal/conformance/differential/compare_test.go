package differential_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// A tester compares programs.
type tester struct {
	*testing.T
	normalizations []normalization
	// reruns is how often the network runs a program again before its outcomes
	// are taken for all that it has.
	reruns int
}

// A difference is an in-process outcome that the network does not have.
type difference struct {
	program program
	side    side
	network outcome  // the one that is closest to what was got
	got     outcome  // in-process
	kinds   []string // of the first step that differs
	also    []string // the names of the other sides that differ
}

// compare returns the first difference between the network and the sides, or nil.
func (t *tester) compare(p program, sides []side) *difference {
	observed := execute(t.T, p, network)
	for _, n := range t.normalizations {
		if n.skip != nil && n.skip(p, observed) {
			return nil
		}
	}
	known := []outcome{normalized(p, observed, t.normalizations)}
	var found *difference
	for _, s := range sides {
		got := normalized(p, execute(t.T, p, s), t.normalizations)
		known = t.explain(p, got, known)
		closest := closestTo(got, known)
		kinds := kindsOf(got, closest)
		if len(kinds) == 0 {
			continue
		}
		if found != nil {
			found.also = append(found.also, s.name)
			continue
		}
		found = &difference{program: p, side: s, network: closest, got: got, kinds: kinds}
	}
	return found
}

// explain runs the program on the network until it has that outcome or has run
// often enough, and returns all of the network's outcomes.
func (t *tester) explain(p program, got outcome, known []outcome) []outcome {
	for _, k := range known {
		if len(got.differing(k)) == 0 {
			return known
		}
	}
	for len(known) <= t.reruns {
		again := normalized(p, execute(t.T, p, network), t.normalizations)
		known = append(known, again)
		if len(got.differing(again)) == 0 {
			break
		}
	}
	return known
}

func closestTo(got outcome, known []outcome) outcome {
	closest := known[0]
	for _, k := range known[1:] {
		if len(got.differing(k)) < len(got.differing(closest)) {
			closest = k
		}
	}
	return closest
}

var numbers = regexp.MustCompile(`[0-9]+`)

func withoutNumbers(s string) string { return numbers.ReplaceAllString(s, "N") }

func (d *difference) String() string {
	also := ""
	if len(d.also) > 0 {
		also = " (also " + strings.Join(d.also, ", ") + ")"
	}
	return fmt.Sprintf("  program\n%s  %s%s\n%s", d.program, d.side.name, also,
		d.network.compared("network", d.got, "in-process"))
}
