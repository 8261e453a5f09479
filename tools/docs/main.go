// Docs checks that every Go block in the repository's Markdown documents compiles, and
// every program in the package comment of a doc.go. It also checks that every exported name
// of the root package and of chaintest has an example that is run, and that every example is
// complete as pkg.go.dev shows it.
//
// A block that begins with package or import is a file: it must build in one of the
// repository's modules. Any other block is a fragment: its lines must be consecutive
// lines of one Go file in the repository, apart from indentation and empty lines. A
// line "// …" in a fragment stands for any number of omitted lines.
//
// embedmd v1.0.0 copies passages of files into marked blocks instead. It does not replace
// this command: it accepts a block without a mark, whatever it contains, does not compile
// programs that are only in a document, and keeps the indentation that a passage has in its
// function. go vet checks that an example names something that exists, not that everything
// has an example.
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	root := flag.String("root", "..", "the `directory` of the repository")
	flag.Parse()
	blocks, problems, err := check(*root)
	exitOn(err)
	names := 0
	for _, directory := range packagesWithExamples {
		count, missing, err := missingExamples(*root, directory)
		exitOn(err)
		names += count
		problems = append(problems, missing...)
	}
	for _, problem := range problems {
		fmt.Println(problem)
	}
	if len(problems) > 0 {
		fmt.Printf("docs: %d problems in %d Go blocks and %d exported names\n", len(problems), blocks, names)
		os.Exit(1)
	}
	fmt.Printf("docs: all %d Go blocks compile, and all %d exported names have a complete example\n", blocks, names)
}

// exitOn ends the program if the check itself has failed.
func exitOn(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "docs:", err)
		os.Exit(2)
	}
}

// check returns the number of blocks, and a line for each problem.
func check(root string) (count int, problems []string, err error) {
	tree, err := walk(root)
	if err != nil {
		return 0, nil, err
	}
	for _, document := range tree.documents {
		blocks, err := blocksOf(root, document)
		if err != nil {
			return 0, nil, err
		}
		for _, b := range blocks {
			count++
			if problem := tree.check(b); problem != "" {
				problems = append(problems, fmt.Sprintf("%s:%d: %s", b.document, b.line, problem))
			}
		}
	}
	return count, problems, nil
}

func (t *tree) check(b block) string {
	if b.isFile() {
		return t.checkFile(b)
	}
	return t.checkFragment(b)
}
