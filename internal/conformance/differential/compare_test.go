package differential_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A tester compares programs.
type tester struct {
	*testing.T
	normalizations []normalization
	// reruns is the maximum number of times that a program is run again on the network to
	// find an outcome.
	reruns int
	rerun  side // a network
}

// A difference has the outcomes of a program that occur in-process but not on the network.
type difference struct {
	program program
	sides   []sideDifference // at least one
}

// A sideDifference is an outcome of one side that does not occur on the network.
type sideDifference struct {
	side    side
	network outcome  // the outcome on the network that is closest to got
	got     outcome  // the outcome on the side
	kinds   []string // of the first step that differs
}

// compare returns the difference between the network and the sides, or nil if there is none.
func (t *tester) compare(p program, sides []side) *difference {
	for _, n := range t.normalizations {
		if n.never != nil && n.never(p) {
			return nil
		}
	}
	observed := execute(t.T, p, network)
	for _, n := range t.normalizations {
		if n.skip != nil && n.skip(p, observed) {
			return nil
		}
	}
	known := []outcome{normalized(p, observed, t.normalizations)}
	found := &difference{program: p}
	for _, s := range sides {
		if p.has(opCloseConnection) && !s.closes {
			continue
		}
		got := normalized(p, execute(t.T, p, s), t.normalizations)
		known = t.explain(p, got, known)
		closest := closestTo(got, known)
		if kinds := kindsOf(got, closest); len(kinds) > 0 {
			found.sides = append(found.sides, sideDifference{s, closest, got, kinds})
		}
	}
	if len(found.sides) == 0 {
		return nil
	}
	return found
}

// confirm compares again with many more runs on a network, because some outcomes are rare.
func (t *tester) confirm(d *difference) *difference {
	patient := *t
	patient.reruns, patient.rerun = 8*t.reruns, unevenNetwork
	return patient.compare(d.program, inProcess)
}

// explain runs the program on the network until it has the outcome got, at most t.reruns
// times. It returns all outcomes on the network.
func (t *tester) explain(p program, got outcome, known []outcome) []outcome {
	for _, k := range known {
		if len(got.differing(k)) == 0 {
			return known
		}
	}
	for len(known) <= t.reruns {
		again := normalized(p, execute(t.T, p, t.rerun), t.normalizations)
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

// kinds returns the kinds of difference on all sides.
func (d *difference) kinds() []string {
	var kinds []string
	for _, s := range d.sides {
		for _, kind := range s.kinds {
			if !slices.Contains(kinds, kind) {
				kinds = append(kinds, kind)
			}
		}
	}
	return kinds
}

// with returns the sides that have a difference of the kind.
func (d *difference) with(kind string) []sideDifference {
	var sides []sideDifference
	for _, s := range d.sides {
		if slices.Contains(s.kinds, kind) {
			sides = append(sides, s)
		}
	}
	return sides
}

// text returns the program, and the difference of the first side with the kind.
func (d *difference) text(kind string) string {
	sides := d.with(kind)
	names := namesOf(sides, func(s sideDifference) string { return s.side.name })
	return fmt.Sprintf("  program\n%s  %s\n%s", d.program, strings.Join(names, ", "),
		sides[0].network.compared("network", sides[0].got, "in-process"))
}
