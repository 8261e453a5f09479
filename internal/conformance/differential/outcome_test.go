package differential_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// An outcome has the events of a run by observer, in order. It does not have the order of
// events of different observers in the same step.
type outcome map[string][]event

func outcomeOf(events []event) outcome {
	o := make(outcome)
	for _, e := range events {
		o[e.observer] = append(o[e.observer], e)
	}
	return o
}

// String returns all events, by observer.
func (o outcome) String() string {
	var b strings.Builder
	for _, observer := range slices.Sorted(mapKeys(o)) {
		fmt.Fprintf(&b, "    %s\n", observer)
		for _, e := range o[observer] {
			fmt.Fprintf(&b, "      %2d %s\n", e.step, e)
		}
	}
	return b.String()
}

// differing returns the observers whose events differ, sorted.
func (o outcome) differing(other outcome) []string {
	var observers []string
	for observer, events := range o {
		if !slices.EqualFunc(events, other[observer], event.equal) {
			observers = append(observers, observer)
		}
	}
	for observer := range other {
		if _, ok := o[observer]; !ok {
			observers = append(observers, observer)
		}
	}
	slices.Sort(observers)
	return observers
}

// compared returns the differing events of both, marked with their sides.
func (o outcome) compared(name string, other outcome, otherName string) string {
	var b strings.Builder
	width := max(len(name), len(otherName))
	for _, observer := range o.differing(other) {
		fmt.Fprintf(&b, "    %s\n", observer)
		left, right := withoutCommon(o[observer], other[observer])
		for _, part := range []struct {
			name   string
			events []event
		}{{name, left}, {otherName, right}} {
			for _, e := range part.events {
				fmt.Fprintf(&b, "      %-*s %2d %s\n", width, part.name, e.step, e)
			}
			if len(part.events) == 0 {
				fmt.Fprintf(&b, "      %-*s    (nothing)\n", width, part.name)
			}
		}
	}
	return b.String()
}

// withoutCommon removes the common events at the beginning and at the end.
func withoutCommon(a, b []event) (_, _ []event) {
	for len(a) > 0 && len(b) > 0 && a[0].equal(b[0]) {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1].equal(b[len(b)-1]) {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	return a, b
}

// kindsOf returns the kinds of difference of the first step that differs. Later differences
// may be consequences.
func kindsOf(got, want outcome) []string {
	var kinds []string
	first := math.MaxInt
	for _, observer := range got.differing(want) {
		g, w := withoutCommon(got[observer], want[observer])
		step := math.MaxInt
		for _, events := range [][]event{g, w} {
			if len(events) > 0 {
				step = min(step, events[0].step)
			}
		}
		if step > first {
			continue
		}
		if step < first {
			kinds, first = nil, step
		}
		kinds = append(kinds, kindOf(observer, g, w))
	}
	return kinds
}

// kindOf describes the first event that differs, so that differences with different causes
// usually have different kinds.
func kindOf(observer string, got, want []event) string {
	observer = withoutNumbers(observer)
	switch {
	case len(want) == 0:
		return fmt.Sprintf("%s: %s where the network has nothing", observer, got[0].summary())
	case len(got) == 0:
		return fmt.Sprintf("%s: nothing where the network has %s", observer, want[0].summary())
	case got[0].name != want[0].name || len(got[0].fields) != len(want[0].fields):
		return fmt.Sprintf("%s: %s where the network has %s", observer, got[0].summary(), want[0].summary())
	case got[0].step != want[0].step:
		return fmt.Sprintf("%s: %s in a different step", observer, got[0].summary())
	}
	var details []string
	for i, f := range got[0].fields {
		if w := want[0].fields[i]; text(f.value) != text(w.value) {
			details = append(details, f.key+differing(f.value, w.value))
		}
	}
	return fmt.Sprintf("%s: %s with a different %s", observer, got[0].name, strings.Join(details, ", "))
}

// summary returns the name of an event, and a summary of its error if it has one.
func (e event) summary() string {
	if f, ok := e.field("error").(failure); ok {
		return e.name + " " + f.summary()
	}
	return e.name
}

// differing describes two values in the kind of a difference.
func differing(got, want any) string {
	g, ok := got.(failure)
	w, both := want.(failure)
	switch {
	case !ok || !both:
		return ""
	case g.summary() == w.summary():
		return " text"
	default:
		return fmt.Sprintf(" (%s instead of %s)", g.summary(), w.summary())
	}
}
