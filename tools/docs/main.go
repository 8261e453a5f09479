// Docs checks that every Go block in the repository's Markdown documents compiles, and
// every program in the package comment of a doc.go.
//
// A block that begins with package or import is a file: it must build in one of the
// repository's modules. Any other block is a fragment: its lines must be consecutive
// lines of one Go file in the repository, apart from indentation and empty lines. A
// line "// …" in a fragment stands for any number of lines that are left out.
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	root := flag.String("root", "..", "the `directory` of the repository")
	flag.Parse()
	count, problems, err := check(*root)
	if err != nil {
		fmt.Fprintln(os.Stderr, "docs:", err)
		os.Exit(2)
	}
	for _, problem := range problems {
		fmt.Println(problem)
	}
	if len(problems) > 0 {
		fmt.Printf("docs: %d of %d Go blocks would not compile\n", len(problems), count)
		os.Exit(1)
	}
	fmt.Printf("docs: all %d Go blocks compile\n", count)
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
