package chaintest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A pair is an RPC that was made on both connections, or only on one.
type pair struct {
	want, got *rpcRecord
	number    int // among the RPCs on its connection
}

// rpcDifferences describes where the RPCs of got differ from those of want.
func (c comparer) rpcDifferences(want, got outcome) []string {
	var found []string
	for _, p := range c.matchRPCs(want.rpcs, got.rpcs) {
		if text := c.pairDifference(p, want, got); text != "" {
			found = append(found, text)
		}
	}
	return found
}

// matchRPCs pairs RPCs. Concurrent RPCs begin in any order, so equal ones are
// paired first, and the others in order.
func (c comparer) matchRPCs(want, got []rpcRecord) []pair {
	pairs := make([]pair, len(want))
	paired := make([]bool, len(got))
	pairIf := func(match func(a, b rpcRecord) bool) {
		for i := range want {
			pairs[i].want, pairs[i].number = &want[i], i+1
			for j := range got {
				if pairs[i].got == nil && !paired[j] && match(want[i], got[j]) {
					pairs[i].got, paired[j] = &got[j], true
				}
			}
		}
	}
	pairIf(c.equalRecords)
	pairIf(func(a, b rpcRecord) bool { return a.method == b.method })
	for j := range got {
		if !paired[j] {
			pairs = append(pairs, pair{got: &got[j], number: j + 1})
		}
	}
	return pairs
}

// pairDifference returns "" if the two RPCs are equal.
func (c comparer) pairDifference(p pair, want, got outcome) string {
	switch {
	case p.got == nil:
		return fmt.Sprintf("%s, RPC %d of %d %s, was not made %s: %s", p.want.method, p.number, len(want.rpcs), want.where, got.where, otherCalls)
	case p.want == nil:
		return fmt.Sprintf("%s, RPC %d of %d %s, was not made %s: %s", p.got.method, p.number, len(got.rpcs), got.where, want.where, otherCalls)
	case c.equalRecords(*p.want, *p.got):
		return ""
	}
	var names []string
	for _, s := range slices.Concat(p.want.sequences, p.got.sequences) {
		if !slices.Contains(names, s.name) {
			names = append(names, s.name)
		}
	}
	var lines []string
	for _, name := range names {
		for _, line := range c.sequenceDifferences(p.want.events(name), p.got.events(name), want.where, got.where) {
			lines = append(lines, "\n\t"+name+": "+line)
		}
	}
	return fmt.Sprintf("%s, RPC %d of %d, is not the same %s as %s: %s%s",
		p.want.method, p.number, len(want.rpcs), got.where, want.where, c.cause(*p.want, *p.got), strings.Join(lines, ""))
}

func (r rpcRecord) events(sequence string) []event {
	for _, s := range r.sequences {
		if s.name == sequence {
			return s.events
		}
	}
	return nil
}

// sequenceDifferences describes how two sequences differ, one event or field at
// a time.
func (c comparer) sequenceDifferences(want, got []event, wantWhere, gotWhere string) []string {
	var lines []string
	var unequal [2][]int // since the last pair of equal events
	report := func() {
		for _, p := range align(unequal[0], unequal[1], func(i, j int) bool { return want[i].name == got[j].name }) {
			switch {
			case p[1] < 0:
				lines = append(lines, fmt.Sprintf("%s only, event %d: %s", wantWhere, p[0]+1, want[p[0]]))
			case p[0] < 0:
				lines = append(lines, fmt.Sprintf("%s only, event %d: %s", gotWhere, p[1]+1, got[p[1]]))
			default:
				lines = append(lines, c.fieldDifferences(want[p[0]], got[p[1]], p[0]+1, wantWhere, gotWhere)...)
			}
		}
		unequal = [2][]int{}
	}
	for _, p := range align(indexes(want), indexes(got), func(i, j int) bool { return c.equalEvents(want[i], got[j]) }) {
		switch {
		case p[1] < 0:
			unequal[0] = append(unequal[0], p[0])
		case p[0] < 0:
			unequal[1] = append(unequal[1], p[1])
		default:
			report()
		}
	}
	report()
	return lines
}

func (c comparer) fieldDifferences(want, got event, number int, wantWhere, gotWhere string) []string {
	var lines []string
	for i := range max(len(want.fields), len(got.fields)) {
		a, b := want.fieldAt(i), got.fieldAt(i)
		if c.equalFields(a, b) {
			continue
		}
		lines = append(lines, fmt.Sprintf("event %d, %s: %s ", number, want.name, cmp.Or(a.name, b.name))+c.fieldDifference(a, b, wantWhere, gotWhere))
	}
	return lines
}

// fieldDifference prints a difference in messages as cmp does.
func (c comparer) fieldDifference(a, b field, wantWhere, gotWhere string) string {
	if a.text != b.text || len(a.messages()) != len(b.messages()) {
		return fmt.Sprintf("is %s %s, %s %s", a, wantWhere, b, gotWhere)
	}
	text := differs
	for i, m := range a.messages() {
		text += indent(c.diff(m, b.messages()[i]))
	}
	return text
}

// header and differs begin a difference that cmp prints, in the plural and in the singular.
const (
	header  = "differ (-network +in-process):"
	differs = "differs (-network +in-process):"
)

// indent indents the lines of a text, to follow a header.
func indent(text string) string {
	return "\n\t\t" + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n\t\t")
}

func (e event) fieldAt(i int) field {
	if i < len(e.fields) {
		return e.fields[i]
	}
	return textField("", "missing")
}

func indexes(events []event) []int {
	all := make([]int, len(events))
	for i := range all {
		all[i] = i
	}
	return all
}
