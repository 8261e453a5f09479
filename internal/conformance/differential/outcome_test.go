package differential_test

import (
	"fmt"
	"slices"
	"strings"
)

// An outcome is what each observer saw in a run, in its order. The order of
// events of different observers in the same step is not part of it.
type outcome map[string][]event

func outcomeOf(events []event) outcome {
	o := make(outcome)
	for _, e := range events {
		o[e.observer] = append(o[e.observer], e)
	}
	return o
}

// A story is an outcome as text, a list of lines for each observer.
type story map[string][]string

func (o outcome) story() story {
	s := make(story)
	for observer, events := range o {
		for _, e := range events {
			s[observer] = append(s[observer], fmt.Sprintf("%2d %s", e.step, e))
		}
	}
	return s
}

// differing returns the observers whose lines differ, sorted.
func (s story) differing(other story) []string {
	var observers []string
	for observer, lines := range s {
		if !slices.Equal(lines, other[observer]) {
			observers = append(observers, observer)
		}
	}
	for observer := range other {
		if _, ok := s[observer]; !ok {
			observers = append(observers, observer)
		}
	}
	slices.Sort(observers)
	return observers
}

// compared returns the differing lines of both, marked with their sides.
func (s story) compared(name string, other story, otherName string) string {
	var b strings.Builder
	width := max(len(name), len(otherName))
	for _, observer := range s.differing(other) {
		fmt.Fprintf(&b, "    %s\n", observer)
		left, right := s[observer], other[observer]
		for len(left) > 0 && len(right) > 0 && left[0] == right[0] {
			left, right = left[1:], right[1:]
		}
		for len(left) > 0 && len(right) > 0 && left[len(left)-1] == right[len(right)-1] {
			left, right = left[:len(left)-1], right[:len(right)-1]
		}
		for _, part := range []struct {
			name  string
			lines []string
		}{{name, left}, {otherName, right}} {
			for _, line := range part.lines {
				fmt.Fprintf(&b, "      %-*s %s\n", width, part.name, line)
			}
			if len(part.lines) == 0 {
				fmt.Fprintf(&b, "      %-*s    (nothing)\n", width, part.name)
			}
		}
	}
	return b.String()
}
