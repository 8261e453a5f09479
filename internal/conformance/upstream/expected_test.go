package main

import (
	"os"
	"slices"
	"strings"
	"testing"
)

const differences = "| on a network | on a channel |\n|---|---|\n| bytes | none |\n"

func TestParseExpectedReadsParagraphs(t *testing.T) {
	t.Parallel()
	got, err := parseExpected("# comment\n\nrow: bytes\nreason: There are none.\nexample.com/a TestA\nexample.com/b Test/B\n", differences)
	if err != nil {
		t.Fatal(err)
	}
	want := expectation{row: "bytes", reason: "There are none."}
	if len(got) != 2 || got["example.com/a TestA"] != want || got["example.com/b Test/B"] != want {
		t.Errorf("got %v", got)
	}
}

func TestParseExpectedRejectsIncompleteParagraphs(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"unknown row":   "row: windows\nreason: r\na TestA\n",
		"no row":        "reason: r\na TestA\n",
		"no reason":     "row: bytes\na TestA\n",
		"no test":       "row: bytes\nreason: r\n",
		"twice":         "row: bytes\nreason: r\na TestA\na TestA\n",
		"no paragraph":  "a TestA\n",
		"next inherits": "row: bytes\nreason: r\na TestA\n\na TestB\n",
	} {
		if got, err := parseExpected(text, differences); err == nil {
			t.Errorf("%s: got %v, want an error", name, got)
		}
	}
}

// categories are what grpc-go's package test may need that a Channel does not have.
var categories = []string{"Transport", "Resolver", "Balancer", "Retry policy", "TLS", "GOAWAY", "Raw HTTP/2", "Compression", "Channelz"}

func TestTestsOfGRPCFailOnlyForWhatAChannelHasNoneOf(t *testing.T) {
	t.Parallel()
	listed, err := os.ReadFile("failures.txt")
	if err != nil {
		t.Fatal(err)
	}
	differences, err := os.ReadFile("../../../docs/differences.md")
	if err != nil {
		t.Fatal(err)
	}
	expected, err := parseExpected(string(listed), string(differences))
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for key, e := range expected {
		if !strings.HasPrefix(key, "google.golang.org/grpc/test ") {
			continue
		}
		checked++
		category, _, _ := strings.Cut(e.reason, ".")
		if !slices.Contains(categories, category) {
			t.Errorf("%s: the reason is %q, want one that begins with one of %q", key, e.reason, categories)
		}
	}
	if checked == 0 {
		t.Error("failures.txt lists no test of grpc-go's package test")
	}
}

func TestVerdictNamesUnexpectedResults(t *testing.T) {
	t.Parallel()
	c := config{suites: all, tests: all, expected: map[string]expectation{"p TestListed": {}, "p TestFixed": {}, "p TestGone": {}, "p TestNetwork": {}}}
	err := c.verdict([]suite{{name: "s"}}, map[string][]result{"s": {
		{test: test{pkg: "p", name: "TestListed"}, outcome: failedInProcess},
		{test: test{pkg: "p", name: "TestFixed"}, outcome: passed},
		{test: test{pkg: "p", name: "TestGood"}, outcome: passed},
		{test: test{pkg: "p", name: "TestOther"}, outcome: notApplicable},
		{test: test{pkg: "p", name: "TestNetwork"}, outcome: notApplicable},
		{test: test{pkg: "p", name: "TestBroken"}, outcome: failedInProcess, output: "why\n"},
	}})
	if err == nil {
		t.Fatal("got nil, want an error")
	}
	for _, want := range []string{"5 unexpected", "p TestBroken failed:\n\twhy\n", "p TestFixed passed", "does not have this row for s:\n\t| s | 4 | 2 | 2 | 2 |", "p TestGone is in failures.txt, but there", "p TestNetwork is in failures.txt, but made"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not contain %q:\n%v", want, err)
		}
	}
}

func TestVerdictAcceptsExpectedResults(t *testing.T) {
	t.Parallel()
	c := config{suites: all, tests: all, expected: map[string]expectation{"p TestListed": {}}, differences: "| s | 2 | 1 | 1 | 0 |\n"}
	err := c.verdict([]suite{{name: "s"}}, map[string][]result{"s": {
		{test: test{pkg: "p", name: "TestListed"}, outcome: failedInProcess},
		{test: test{pkg: "p", name: "TestGood"}, outcome: passed},
	}})
	if err != nil {
		t.Error(err)
	}
}
