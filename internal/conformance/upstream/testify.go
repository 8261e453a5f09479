package main

import (
	"regexp"
	"strings"
)

var (
	runLine  = regexp.MustCompile(`^=== (RUN|CONT|NAME) +(\S+)`)
	callLine = regexp.MustCompile(`^=== CALL `)
	endLine  = regexp.MustCompile(`^ *--- (PASS|FAIL|SKIP): (\S+) `)
	repeated = regexp.MustCompile(`#\d+$`)
)

// suiteResults returns the results of the tests of a testify suite that ran as one test. A
// test function may run its suite several times. A test of the suite has failed if it failed
// or did not end in one of these runs.
func suiteResults(whole result, failed bool) []result {
	type state struct{ called, ended, failed bool }
	tests := map[string]*state{}
	var order []string
	at := func(name string) *state {
		if tests[name] == nil {
			tests[name] = &state{}
			order = append(order, name)
		}
		return tests[name]
	}
	current := whole.test.name
	for line := range strings.Lines(whole.output) {
		if run := runLine.FindStringSubmatch(line); run != nil {
			current = suiteTest(run[2])
			at(current)
		}
		if callLine.MatchString(line) {
			at(current).called = true
		}
		if end := endLine.FindStringSubmatch(line); end != nil {
			test := at(suiteTest(end[2]))
			test.ended = true
			test.failed = test.failed || end[1] == "FAIL"
		}
	}
	var results []result
	for _, name := range order {
		if name == whole.test.name {
			continue
		}
		r := whole
		r.test.name = name
		switch test := tests[name]; {
		case test.failed || !test.ended:
			r.outcome = failedInProcess
			failed = false // The failure is that of this test.
		case test.called:
			r.outcome = passed
		default:
			r.outcome = notApplicable
		}
		results = append(results, r)
	}
	if failed {
		whole.outcome = failedInProcess
		results = append(results, whole)
	}
	return results
}

// suiteTest returns the name of the test of a suite to which a subtest belongs.
func suiteTest(name string) string {
	parts := strings.SplitN(name, "/", 3)
	if len(parts) == 1 {
		return name
	}
	return parts[0] + "/" + repeated.ReplaceAllString(parts[1], "")
}
