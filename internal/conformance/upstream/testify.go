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

// suiteResults returns the results of the tests of a testify suite, which ran
// as one test. A test function may run its suite several times; a test of it
// has failed if it failed once.
func suiteResults(whole result, failed bool) []result {
	type seen struct{ called, failed bool }
	tests := map[string]*seen{}
	var order []string
	at := func(name string) *seen {
		if tests[name] == nil {
			tests[name] = &seen{}
			order = append(order, name)
		}
		return tests[name]
	}
	current := whole.test.name
	explained := false
	for line := range strings.Lines(whole.output) {
		if run := runLine.FindStringSubmatch(line); run != nil {
			current = suiteTest(run[2])
		}
		if callLine.MatchString(line) {
			at(current).called = true
		}
		if end := endLine.FindStringSubmatch(line); end != nil && end[1] == "FAIL" && suiteTest(end[2]) != whole.test.name {
			at(suiteTest(end[2])).failed = true
			explained = true
		} else if end != nil && suiteTest(end[2]) != whole.test.name {
			at(suiteTest(end[2]))
		}
	}
	if failed && !explained {
		at(whole.test.name).failed = true
	}
	var results []result
	for _, name := range order {
		r := whole
		r.test.name = name
		switch {
		case tests[name].failed:
			r.outcome = failedInProcess
		case tests[name].called && name != whole.test.name:
			r.outcome = passed
		case name == whole.test.name:
			continue // setting up the suite
		default:
			r.outcome = notApplicable
		}
		results = append(results, r)
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
