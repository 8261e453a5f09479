package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const goMod = "module example.com/block\n\ngo 1.26.0\n"

const goSource = `package block

func first() int {
	one := 1

	two := 2
	return one + two
}
`

func TestCheck(t *testing.T) {
	for _, test := range []struct {
		name, block, problem string
	}{
		{"a fragment", "one := 1\ntwo := 2", ""},
		{"a fragment with other indentation", "\t\tone := 1\n\n\t\t\ttwo := 2", ""},
		{"a fragment with lines left out", "func first() int {\n\t// …\n\treturn one + two\n}", ""},
		{"a fragment in no file", "one := 1\nthree := 3", "does not follow those before it: three := 3"},
		{"a fragment with lines missing", "one := 1\nreturn one + two", "return one + two"},
		{"a fragment in the wrong order", "two := 2\n// …\none := 1", "one := 1"},
		{"an empty fragment", "", "empty"},
		{"a file", "package main\n\nfunc main() { println(1) }", ""},
		{"a file without a package", "import \"fmt\"\n\nfunc hello() { fmt.Println(1) }", ""},
		{"a file that does not compile", "package main\n\nfunc main() { println(none) }", "none"},
		{"a test file", "package block_test\n\nimport \"testing\"\n\nfunc TestOne(t *testing.T) { t.Log(1) }", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			root := t.TempDir()
			write(t, root, "go.mod", goMod)
			write(t, root, "source.go", goSource)
			write(t, root, "README.md", "# Title\n\n```sh\nnot := Go\n```\n\n```go\n"+test.block+"\n```\n")
			count, problems, err := check(root)
			if err != nil || count != 1 {
				t.Fatalf("got %d blocks and the error %v, want 1 and none", count, err)
			}
			got := strings.Join(problems, "\n")
			if (got == "") != (test.problem == "") || !strings.Contains(got, test.problem) {
				t.Errorf("got %q, want %q in it", got, test.problem)
			}
			if got != "" && !strings.HasPrefix(got, "README.md:8: ") {
				t.Errorf("got %q, want it to name README.md:8", got)
			}
		})
	}
}

func TestProgramInAPackageComment(t *testing.T) {
	for _, test := range []struct{ body, problem string }{
		{"println(1)", ""},
		{"println(undefined)", "undefined"},
	} {
		root := t.TempDir()
		write(t, root, "go.mod", "module example.com/module\n\ngo 1.25\n")
		write(t, root, "doc.go", "// Package p has a program.\n//\n//\tnot a program\n//\n// Here:\n//\n//\tpackage main\n//\n//\tfunc main() { "+test.body+" }\npackage p\n")
		count, problems, err := check(root)
		if err != nil || count != 1 {
			t.Fatalf("%d blocks, %v; want 1", count, err)
		}
		if got := strings.Join(problems, "\n"); (got == "") != (test.problem == "") || !strings.Contains(got, test.problem) || test.problem != "" && !strings.HasPrefix(got, "doc.go:7:") {
			t.Errorf("%s: got %q, want %q", test.body, got, test.problem)
		}
	}
}

func TestBlockThatIsNotClosed(t *testing.T) {
	root := t.TempDir()
	write(t, root, "README.md", "```go\none := 1\n")
	if _, _, err := check(root); err == nil {
		t.Error("got no error")
	}
}

func write(t *testing.T, root, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
