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

// table returns a table with the numbers of tests of each suite.
func table(suites []suite, results map[string][]result) string {
	var b strings.Builder
	b.WriteString("| suite | in-process | passed | failed | not applicable |\n|---|--:|--:|--:|--:|\n")
	for _, suite := range suites {
		b.WriteString(tableRow(suite, results[suite.name]))
	}
	return b.String()
}

func tableRow(s suite, results []result) string {
	name := strings.TrimSpace(s.name + " " + s.version)
	return fmt.Sprintf("| %s | %d | %d | %d | %d |\n", name, count(results, passed)+count(results, failedInProcess),
		count(results, passed), count(results, failedInProcess), count(results, notApplicable))
}

func count(results []result, o outcome) int {
	n := 0
	for _, r := range results {
		if r.outcome == o {
			n++
		}
	}
	return n
}

// repeats lists the tests that were run more than once.
func repeats(results map[string][]result) string {
	var names []string
	for _, suite := range results {
		for _, r := range suite {
			if r.attempt > 1 {
				names = append(names, fmt.Sprintf("  attempt %d: %s\n", r.attempt, key(r.test)))
			}
		}
	}
	if len(names) == 0 {
		return ""
	}
	slices.Sort(names)
	return "\nrun more than once:\n" + strings.Join(names, "")
}

// verdict returns an error that lists the tests with unexpected results. If all tests were
// selected, it also lists tests in failures.txt that do not exist. It checks the table in
// docs/differences.md, because without replaced connections no test would fail.
func (c config) verdict(suites []suite, results map[string][]result) error {
	var wrong []string
	ran := map[string]bool{}
	for _, suite := range results {
		for _, r := range suite {
			ran[key(r.test)] = true
			switch {
			case !c.unexpected(r):
			case r.outcome == failedInProcess:
				wrong = append(wrong, fmt.Sprintf("%s failed:\n%s", key(r.test), tail(r.output)))
			case r.outcome == passed:
				wrong = append(wrong, fmt.Sprintf("%s passed; remove it from failures.txt\n", key(r.test)))
			default:
				wrong = append(wrong, fmt.Sprintf("%s is in failures.txt, but made no RPC on a Channel\n", key(r.test)))
			}
		}
	}
	if c.suites.String() == "" && c.tests.String() == "" {
		for name := range c.expected {
			if !ran[name] {
				wrong = append(wrong, fmt.Sprintf("%s is in failures.txt, but there is no such test\n", name))
			}
		}
	}
	if c.tests.String() == "" {
		for _, suite := range suites {
			if row := tableRow(suite, results[suite.name]); !strings.Contains(c.differences, row) {
				wrong = append(wrong, fmt.Sprintf("docs/differences.md does not have this row for %s:\n\t%s", suite.name, row))
			}
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	slices.Sort(wrong)
	return fmt.Errorf("%d unexpected results\n\n%s", len(wrong), strings.Join(wrong, "\n"))
}

// tail returns the last lines of the output of a test, without grpc-go's log.
func tail(output string) string {
	const lines = 15
	var kept []string
	for line := range strings.Lines(output) {
		if !strings.Contains(line, " INFO ") {
			kept = append(kept, strings.TrimRight(line, "\n"))
		}
	}
	if len(kept) > lines {
		kept = append([]string{"…"}, kept[len(kept)-lines:]...)
	}
	return "\t" + strings.Join(kept, "\n\t") + "\n"
}
