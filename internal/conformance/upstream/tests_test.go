package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
)

var all = regexp.MustCompile("")

const grpcStyle = `package p

func Test(t *testing.T) { grpctest.RunSubTests(t, s{}) }
func (s) TestOne(t *testing.T) {}
func (s) TestTwo(t *testing.T) {}
func (s) helper() {}
`

const external = `package p_test

func Test(t *testing.T) { grpctest.RunSubTests(t, s{}) }
func (s) TestThree(t *testing.T) {}
func TestPlain(t *testing.T) {}
`

const testifyStyle = `package p_test

func TestSuite(t *testing.T) { suite.Run(t, &all{}) }
func (a *all) TestFour() {}
`

func TestListTestsFindsSubtests(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{"a_test.go": grpcStyle, "b_test.go": external, "c_test.go": testifyStyle} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	listed := []string{"Test", "Test", "TestPlain", "TestSuite", "ExampleX"}
	for _, separate := range []bool{false, true} {
		tests, err := listTests("p", dir, slices.Clone(listed), separate)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, test := range tests {
			got = append(got, test.name+" "+test.run)
		}
		want := []string{
			"ExampleX ^ExampleX$",
			"Test/One ^Test$/^One$",
			"Test/Three ^Test$/^Three$",
			"Test/Two ^Test$/^Two$",
			"TestPlain ^TestPlain$",
			"TestSuite ^TestSuite$",
		}
		if separate {
			want[5] = "TestSuite/TestFour ^TestSuite$/^TestFour$"
		}
		if !slices.Equal(got, want) {
			t.Errorf("separate %v: got %q, want %q", separate, got, want)
		}
		if last := tests[len(tests)-1]; last.suite == separate {
			t.Errorf("separate %v: %s is run as a suite: %v", separate, last.name, last.suite)
		}
	}
}

var wholeSuite = test{pkg: "p", name: "TestSuite", suite: true}

const suiteOutput = `=== RUN   TestSuite
=== RUN   TestSuite/TestA
=== CALL  /p.S/M
=== RUN   TestSuite/TestB
=== RUN   TestSuite/TestB/deeper
=== CALL  /p.S/M
=== RUN   TestSuite/TestC
--- FAIL: TestSuite (0.00s)
    --- PASS: TestSuite/TestA (0.00s)
    --- PASS: TestSuite/TestB (0.00s)
        --- PASS: TestSuite/TestB/deeper (0.00s)
    --- PASS: TestSuite/TestC (0.00s)
    --- FAIL: TestSuite/TestA#01 (0.00s)
`

func TestSuiteResultsReturnsAResultForEachTest(t *testing.T) {
	t.Parallel()
	whole := result{test: wholeSuite, output: suiteOutput}
	got := map[string]outcome{}
	for _, r := range suiteResults(whole, true) {
		got[r.test.name] = r.outcome
	}
	want := map[string]outcome{"TestSuite/TestA": failedInProcess, "TestSuite/TestB": passed, "TestSuite/TestC": notApplicable}
	if len(got) != len(want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for name := range want {
		if got[name] != want[name] {
			t.Errorf("%s: got %v, want %v", name, got[name], want[name])
		}
	}
}

func TestSuiteResultsReportsFailuresOutsideTests(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ output, failed string }{
		"a test that does not end": {"=== RUN   TestSuite\n=== RUN   TestSuite/TestA\n=== CALL  /p.S/M\npanic: test timed out\n", "TestSuite/TestA"},
		"outside the tests":        {"=== RUN   TestSuite\n=== RUN   TestSuite/TestA\n--- FAIL: TestSuite (0.00s)\n    --- PASS: TestSuite/TestA (0.00s)\n", "TestSuite"},
	} {
		var failed []string
		for _, r := range suiteResults(result{test: wholeSuite, output: test.output}, true) {
			if r.outcome == failedInProcess {
				failed = append(failed, r.test.name)
			}
		}
		if !slices.Equal(failed, []string{test.failed}) {
			t.Errorf("%s: got %q, want %q", name, failed, test.failed)
		}
	}
}
