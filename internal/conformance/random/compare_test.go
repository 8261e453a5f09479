//go:build !race

package random_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A difference is what an observer sees on a Channel, and on a network never or too seldom.
type difference struct {
	program                 program
	observer, seen          string
	network, rested, random histogram // of the network: as the program is, resting after all steps, or after some
	channel                 histogram
}

// Something on the Channel that is rarer than this is not compared. It is a difference if
// its share on the network is less than a part of its share on the Channel.
const (
	seldom = 0.2
	part   = 0.1
)

// compare returns the differences of a program, or nil if there is none.
func compare(t *testing.T, p program) []difference {
	var onNetwork, onChannel histogram
	both := func(runs int) bool {
		for range runs {
			onNetwork.add(execute(t, p, network))
			onChannel.add(execute(t, p, channel))
			if onNetwork.counts["the run"] != nil {
				return false // grpc-go itself hangs, or leaves something behind.
			}
		}
		return true
	}
	if !both(3) || len(suspicions(&onChannel, &onNetwork)) == 0 {
		return nil
	}
	runs := clocks[p.clock].runs
	if onChannel.counts["the run"] == nil && !both(runs-3) {
		return nil
	}
	found := suspicions(&onChannel, &onNetwork)
	if len(found) == 0 {
		return nil
	}
	var rested, random histogram
	for range runs {
		rested.add(execute(t, p.resting(func() bool { return true }), network))
		random.add(execute(t, p.resting(func() bool { return rand.IntN(2) == 0 }), network))
	}
	var all []difference
	for _, s := range found {
		enough := part * onChannel.share(s.observer, s.seen)
		if rested.share(s.observer, s.seen) < enough && random.share(s.observer, s.seen) < enough {
			all = append(all, difference{p, s.observer, s.seen, onNetwork, rested, random, onChannel})
		}
	}
	return all
}

// A suspicion is what an observer sees more often on the Channel.
type suspicion struct{ observer, seen string }

func suspicions(onChannel, onNetwork *histogram) []suspicion {
	var found []suspicion
	onChannel.all(onNetwork, func(observer, seen string) {
		share := onChannel.share(observer, seen)
		if share >= seldom && onNetwork.share(observer, seen) < part*share {
			found = append(found, suspicion{observer, seen})
		}
	})
	return found
}

// resting returns the program with rests after the steps for which rests returns true. In real time,
// its deadlines are later, since a network may need longer than until the usual ones.
func (p program) resting(rests func() bool) program {
	p.steps, p.unhurried = slices.Clone(p.steps), true
	for i := range p.steps {
		if rests() {
			p.steps[i].then = rested
		}
	}
	return p
}

var values = regexp.MustCompile(`"[^"]*"|[0-9]+`)

// kind describes the difference so that differences with other causes usually have other
// kinds.
func (d *difference) kind() string {
	seen, usual := strings.Split(d.seen, "; "), strings.Split(d.usual(), "; ")
	for len(seen) > 0 && len(usual) > 0 && seen[0] == usual[0] {
		seen, usual = seen[1:], usual[1:]
	}
	text := fmt.Sprintf("%s: %s where the network has %s", d.observer, first(seen), first(usual))
	return values.ReplaceAllString(text, "N")
}

// usual returns what the observer sees most often on the network.
func (d *difference) usual() string {
	usual := ""
	for seen := range maps.Keys(d.network.counts[d.observer]) {
		if d.network.share(d.observer, seen) > d.network.share(d.observer, usual) {
			usual = seen
		}
	}
	return usual
}

func first(seen []string) string {
	if len(seen) == 0 || seen[0] == "" {
		return "nothing"
	}
	return seen[0]
}

// String returns the program, and what the observer sees.
func (d *difference) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s\n", d.program, d.observer)
	for _, h := range []struct {
		name string
		histogram
	}{{"Channel", d.channel}, {"network", d.network}, {"network, resting after each step", d.rested}, {"network, resting after some", d.random}} {
		counts := h.counts[d.observer]
		total := 0
		for _, seen := range slices.SortedFunc(maps.Keys(counts), func(a, b string) int { return counts[b] - counts[a] }) {
			total += counts[seen]
			fmt.Fprintf(&b, "    %s, %d of %d: %s\n", h.name, counts[seen], h.runs, seen)
		}
		if total < h.runs {
			fmt.Fprintf(&b, "    %s, %d of %d: (nothing)\n", h.name, h.runs-total, h.runs)
		}
	}
	return b.String()
}
