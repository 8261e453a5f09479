package chaintest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// differences tells where got is not as want is, for people.
func differences(want, got outcome) []string {
	var found []string
	for _, of := range []outcome{want, got} {
		for _, unended := range of.unended {
			found = append(found, of.side+", "+unended)
		}
	}
	if want.result != got.result {
		found = append(found, fmt.Sprintf("calls returned %s %s, %s %s", want.result, want.side, got.result, got.side))
	}
	pairs := match(want.rpcs, got.rpcs)
	for _, p := range pairs {
		if text := p.difference(want, got); text != "" {
			found = append(found, text)
		}
	}
	return found
}

// A pair is an RPC on both sides, or on one.
type pair struct {
	want, got *record
	number    int // among the RPCs of its side
}

// match pairs RPCs. Those made concurrently begin in any order, so equal ones
// come first, and the rest in order.
func match(want, got []record) []pair {
	pairs := make([]pair, len(want))
	taken := make([]bool, len(got))
	find := func(is func(a, b *record) bool) {
		for i := range want {
			pairs[i].want, pairs[i].number = &want[i], i+1
			for j := range got {
				if pairs[i].got == nil && !taken[j] && is(&want[i], &got[j]) {
					pairs[i].got, taken[j] = &got[j], true
				}
			}
		}
	}
	find(func(a, b *record) bool { return a.sum == b.sum })
	find(func(a, b *record) bool { return a.method == b.method })
	for j := range got {
		if !taken[j] {
			pairs = append(pairs, pair{got: &got[j], number: j + 1})
		}
	}
	return pairs
}

func (p pair) difference(want, got outcome) string {
	switch {
	case p.got == nil:
		return fmt.Sprintf("%s, RPC %d of %d %s, is not made %s", p.want.method, p.number, len(want.rpcs), want.side, got.side)
	case p.want == nil:
		return fmt.Sprintf("%s, RPC %d of %d %s, is not made %s", p.got.method, p.number, len(got.rpcs), got.side, want.side)
	case p.want.sum == p.got.sum:
		return ""
	}
	var names []string
	for _, lane := range slices.Concat(p.want.lanes, p.got.lanes) {
		if !slices.Contains(names, lane.name) {
			names = append(names, lane.name)
		}
	}
	var lines []string
	for _, name := range names {
		a, b := eventsOf(p.want, name), eventsOf(p.got, name)
		for _, line := range diff(a, b, want.side, got.side) {
			lines = append(lines, "\n\t"+name+": "+line)
		}
	}
	return fmt.Sprintf("%s, RPC %d of %d, is not the same %s as %s:%s",
		p.want.method, p.number, len(want.rpcs), got.side, want.side, strings.Join(lines, ""))
}

func eventsOf(r *record, name string) []event {
	for _, lane := range r.lanes {
		if lane.name == name {
			return lane.events
		}
	}
	return nil
}

// diff tells how two lanes differ, an event or a field of one in each line.
func diff(want, got []event, wantSide, gotSide string) []string {
	var lines []string
	var only [2][]int // not aligned yet
	report := func() {
		for _, p := range align(only[0], only[1], func(i, j int) bool { return want[i].name == got[j].name }) {
			switch {
			case p[1] < 0:
				lines = append(lines, fmt.Sprintf("%s only, event %d: %s", wantSide, p[0]+1, want[p[0]]))
			case p[0] < 0:
				lines = append(lines, fmt.Sprintf("%s only, event %d: %s", gotSide, p[1]+1, got[p[1]]))
			default:
				lines = append(lines, fieldsDiff(want[p[0]], got[p[1]], p[0]+1, wantSide, gotSide)...)
			}
		}
		only = [2][]int{}
	}
	for _, p := range align(indexes(want), indexes(got), func(i, j int) bool { return equal(want[i], got[j]) }) {
		switch {
		case p[1] < 0:
			only[0] = append(only[0], p[0])
		case p[0] < 0:
			only[1] = append(only[1], p[1])
		default:
			report()
		}
	}
	report()
	return lines
}

func fieldsDiff(want, got event, number int, wantSide, gotSide string) []string {
	var lines []string
	for i := range max(len(want.fields), len(got.fields)) {
		a, b := fieldAt(want, i), fieldAt(got, i)
		if a != b {
			lines = append(lines, fmt.Sprintf("event %d, %s: %s is %s %s, %s %s", number, want.name, cmp.Or(a.name, b.name), a.text, wantSide, b.text, gotSide))
		}
	}
	return lines
}

func fieldAt(e event, i int) field {
	if i < len(e.fields) {
		return e.fields[i]
	}
	return field{text: "not there"}
}

func equal(a, b event) bool { return a.name == b.name && slices.Equal(a.fields, b.fields) }

func indexes(events []event) []int {
	all := make([]int, len(events))
	for i := range all {
		all[i] = i
	}
	return all
}
