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
	// reruns is how often the network runs a program again before its outcomes
	// are taken for all that it has.
	reruns int
}

// A difference is an in-process outcome that the network does not have.
type difference struct {
	program program
	side    side
	network story    // the outcome that is closest to the one in-process
	got     story    //
	kinds   []string // one for each observer that differs
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
	known := []story{normalized(p, observed, t.normalizations)}
	var found *difference
	for _, s := range sides {
		got := normalized(p, execute(t.T, p, s), t.normalizations)
		known = t.explain(p, got, known)
		closest := closestTo(got, known)
		observers := got.differing(closest)
		if len(observers) == 0 {
			continue
		}
		if found != nil {
			found.also = append(found.also, s.name)
			continue
		}
		found = &difference{program: p, side: s, network: closest, got: got}
		for _, observer := range observers {
			found.kinds = append(found.kinds, kindOf(observer, got[observer], closest[observer]))
		}
	}
	return found
}

// explain runs the program on the network until it has the story or has been run
// often enough, and returns all of the network's stories.
func (t *tester) explain(p program, got story, known []story) []story {
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

func closestTo(got story, known []story) story {
	closest := known[0]
	for _, k := range known[1:] {
		if len(got.differing(k)) < len(got.differing(closest)) {
			closest = k
		}
	}
	return closest
}

// kindOf tells differences apart that have different causes, as far as that can
// be seen: it is the first line that differs, without what varies between programs.
func kindOf(observer string, got, want []string) string {
	for len(got) > 0 && len(want) > 0 && got[0] == want[0] {
		got, want = got[1:], want[1:]
	}
	return fmt.Sprintf("%s: %s instead of %s", withoutNumbers(observer), eventKind(got, want), eventKind(want, got))
}

// eventKind returns the first event, with those fields that the other side's
// first event has not.
func eventKind(lines, others []string) string {
	if len(lines) == 0 {
		return "nothing"
	}
	words := strings.Fields(lines[0])
	var other []string
	if len(others) > 0 {
		other = strings.Fields(others[0])
	}
	kept := words[1:2]
	for _, word := range words[2:] {
		if !slices.Contains(other, word) {
			kept = append(kept, word)
		}
	}
	return withoutNumbers(strings.Join(kept, " "))
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
