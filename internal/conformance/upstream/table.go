package main

import (
	"fmt"
	"slices"
	"strings"
)

func (o outcome) String() string {
	switch o {
	case passed:
		return "passed"
	case failedInProcess:
		return "failed"
	default:
		return "not applicable"
	}
}

// table returns the numbers of each suite.
func table(suites []suite, results map[string][]result) string {
	var b strings.Builder
	b.WriteString("| suite | in-process | passed | failed | not applicable |\n|---|--:|--:|--:|--:|\n")
	for _, suite := range suites {
		counts := map[outcome]int{}
		for _, r := range results[suite.name] {
			counts[r.outcome]++
		}
		fmt.Fprintf(&b, "| %s | %d | %d | %d | %d |\n", suite.name,
			counts[passed]+counts[failedInProcess], counts[passed], counts[failedInProcess], counts[notApplicable])
	}
	return b.String()
}

// verdict returns an error that names the tests whose results are not the
// expected ones. If the whole of the tests was run, it also names those that are
// expected and do not exist or are not applicable.
func verdict(results map[string][]result, expected map[string]expectation, whole bool) error {
	var wrong []string
	failed := map[string]bool{}
	for _, suite := range results {
		for _, r := range suite {
			_, listed := expected[key(r.test)]
			switch {
			case r.outcome == failedInProcess && !listed:
				wrong = append(wrong, fmt.Sprintf("%s failed:\n%s", key(r.test), tail(r.output)))
			case r.outcome == passed && listed:
				wrong = append(wrong, fmt.Sprintf("%s passed; take it out of failures.txt", key(r.test)))
			case r.outcome == failedInProcess:
				failed[key(r.test)] = true
			}
		}
	}
	if whole {
		for name := range expected {
			if !failed[name] && !slices.ContainsFunc(wrong, func(s string) bool { return strings.HasPrefix(s, name+" ") }) {
				wrong = append(wrong, fmt.Sprintf("%s was not run in-process; take it out of failures.txt", name))
			}
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	slices.Sort(wrong)
	return fmt.Errorf("%d unexpected results\n\n%s", len(wrong), strings.Join(wrong, "\n"))
}

// tail returns what a test said in its last lines, without grpc-go's log.
func tail(output string) string {
	const lines = 15
	var said []string
	for line := range strings.Lines(output) {
		if !strings.Contains(line, " INFO ") {
			said = append(said, strings.TrimRight(line, "\n"))
		}
	}
	if len(said) > lines {
		said = append([]string{"…"}, said[len(said)-lines:]...)
	}
	return "\t" + strings.Join(said, "\n\t") + "\n"
}
