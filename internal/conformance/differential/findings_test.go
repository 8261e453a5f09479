package differential_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
)

// findings are the kinds of differences, in the order in which they were found.
type findings struct {
	mu                  sync.Mutex
	compared, differing int
	kinds               []*finding
}

// full reports whether enough kinds of differences have been found.
func (f *findings) full() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.kinds) >= 20
}

// A finding is one kind of difference.
type finding struct {
	kind     string
	number   uint64 // of the first program with the difference
	programs int    // the number of programs with the difference
	smallest *difference
}

// add compares a program, and shrinks its differences of new kinds.
func (f *findings) add(t *tester, number uint64) {
	d := t.compare(generate(chosenSeed(), number), inProcess)
	if d != nil && f.hasNew(d) {
		d = t.confirm(d)
	}
	for _, first := range f.count(d, number) {
		smallest := t.shrink(d, first.kind)
		f.mu.Lock()
		first.smallest = smallest
		f.mu.Unlock()
	}
}

// hasNew reports whether the difference is of a kind that has not been found.
func (f *findings) hasNew(d *difference) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.ContainsFunc(d.kinds(), func(kind string) bool { return f.withKind(kind) == nil })
}

func (f *findings) withKind(kind string) *finding {
	i := slices.IndexFunc(f.kinds, func(known *finding) bool { return known.kind == kind })
	if i < 0 {
		return nil
	}
	return f.kinds[i]
}

// count counts a program and its difference, and returns the findings that are new.
func (f *findings) count(d *difference, number uint64) (first []*finding) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.compared++
	if d == nil {
		return nil
	}
	f.differing++
	for _, kind := range d.kinds() {
		if known := f.withKind(kind); known != nil {
			known.programs++
			continue
		}
		added := &finding{kind: kind, number: number, programs: 1}
		f.kinds = append(f.kinds, added)
		first = append(first, added)
	}
	return first
}

// reports returns the text of the findings. Kinds with the same smallest program have one
// report.
func (f *findings) reports() []string {
	var order []string
	kinds := make(map[string][]string)
	for _, k := range f.kinds {
		smallest := k.smallest.text(k.kind)
		if kinds[smallest] == nil {
			order = append(order, smallest)
		}
		kinds[smallest] = append(kinds[smallest], fmt.Sprintf("%s\n  programs with this difference: %d, the first is -differential.only=%d", k.kind, k.programs, k.number))
	}
	slices.SortStableFunc(order, func(a, b string) int { return strings.Count(a, "\n") - strings.Count(b, "\n") })
	for i, smallest := range order {
		order[i] = strings.Join(kinds[smallest], "\n") + "\n" + smallest
	}
	return order
}
