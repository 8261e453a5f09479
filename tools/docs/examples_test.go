package main

import (
	"slices"
	"testing"
)

func TestExportedNamesHaveExamples(t *testing.T) {
	for _, directory := range packagesWithExamples {
		count, problems, err := missingExamples("../..", directory)
		if err != nil || count == 0 {
			t.Fatalf("%s: %d names, %v", directory, count, err)
		}
		for _, problem := range problems {
			t.Error(problem)
		}
	}
}

func TestMissingExamples(t *testing.T) {
	root := t.TempDir()
	write(t, root, "source.go", `package p

const Limit = 1

var ErrShown, errHidden error

type Shown struct{}

func New() Shown { return Shown{} }

func (Shown) Run() {}

func (Shown) Print() {}

func (Shown) hidden() {}

func Suffixed() {}

func NotRun() {}
`)
	write(t, root, "example_test.go", `package p_test

func ExampleShown() {
	// Output:
}

func ExampleShown_Run() {
	println()
	// Output: 1
}

func ExampleErrShown() {
	// Output: 1
}

func ExampleSuffixed_twice() {
	// Output: 1
}

func ExampleNotRun() {}

func ExampleSuffixed_incomplete() {
	println(declaredElsewhere)
	// Output: 1
}
`)
	count, problems, err := missingExamples(root, ".")
	want := []string{
		"example_test.go:22: ExampleSuffixed_incomplete is not complete; declare what it needs in its file",
		"source.go:3: there is no func ExampleLimit with // Output:",
		"source.go:19: there is no func ExampleNotRun with // Output:",
		"source.go:9: there is no func ExampleNew with // Output:",
		"source.go:13: there is no func ExampleShown_Print with // Output:",
	}
	if count != 8 || err != nil || !slices.Equal(problems, want) {
		t.Errorf("got %d names, %q and the error %v, want 8 names and %q", count, problems, err, want)
	}
}
