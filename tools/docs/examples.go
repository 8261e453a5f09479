package main

import (
	"fmt"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"
)

// packagesWithExamples are the directories whose exported names need examples.
var packagesWithExamples = []string{".", "chaintest"}

// missingExamples returns the number of exported names of the package in a directory of
// root, and a line for each that has no example with an output, and so is never run. It also
// has a line for each example that is not complete as it is shown.
func missingExamples(root, directory string) (count int, problems []string, err error) {
	fset := token.NewFileSet()
	var files, tests []*ast.File
	paths, err := filepath.Glob(filepath.Join(root, directory, "*.go"))
	if err != nil {
		return 0, nil, err
	}
	for _, path := range paths {
		file, err := parser.ParseFile(fset, path, nil, parser.ParseComments)
		if err != nil {
			return 0, nil, err
		}
		if strings.HasSuffix(path, "_test.go") {
			tests = append(tests, file)
		} else {
			files = append(files, file)
		}
	}
	pkg, err := doc.NewFromFiles(fset, files, directory)
	if err != nil {
		return 0, nil, err
	}
	run := map[string]bool{}
	for _, example := range doc.Examples(tests...) {
		// Play is the program that is shown. It is nil if the example needs something that
		// another file declares.
		if example.Play == nil {
			file, line, err := relative(root, fset.Position(example.Code.Pos()))
			if err != nil {
				return 0, nil, err
			}
			problems = append(problems, fmt.Sprintf("%s:%d: Example%s is not complete; declare what it needs in its file", file, line, example.Name))
		}
		if example.Output != "" || example.EmptyOutput {
			run[withoutSuffix(example.Name)] = true
		}
	}
	names := exportedNames(pkg)
	for _, name := range names {
		if !run[name.example] {
			file, line, err := relative(root, fset.Position(name.position))
			if err != nil {
				return 0, nil, err
			}
			problems = append(problems, fmt.Sprintf("%s:%d: there is no func Example%s with // Output:", file, line, name.example))
		}
	}
	return len(names), problems, nil
}

// relative returns the path from root to the file of a position, and its line.
func relative(root string, at token.Position) (file string, line int, err error) {
	file, err = filepath.Rel(root, at.Filename)
	return file, at.Line, err
}

// withoutSuffix removes the suffix of an example that is not the only one of its name: it
// begins with a lower-case letter.
func withoutSuffix(example string) string {
	if i := strings.LastIndex(example, "_"); i >= 0 {
		if first, _ := utf8.DecodeRuneInString(example[i+1:]); unicode.IsLower(first) {
			return example[:i]
		}
	}
	return example
}

// An exportedName is an exported name of a package, and what follows Example in the name of
// its example.
type exportedName struct {
	example  string
	position token.Pos
}

func exportedNames(pkg *doc.Package) []exportedName {
	var names []exportedName
	functions := func(prefix string, all []*doc.Func) {
		for _, f := range all {
			names = append(names, exportedName{prefix + f.Name, f.Decl.Pos()})
		}
	}
	values := func(all []*doc.Value) {
		for _, v := range all {
			for _, name := range v.Names {
				if token.IsExported(name) {
					names = append(names, exportedName{name, v.Decl.Pos()})
				}
			}
		}
	}
	values(pkg.Consts)
	values(pkg.Vars)
	functions("", pkg.Funcs)
	for _, t := range pkg.Types {
		names = append(names, exportedName{t.Name, t.Decl.Pos()})
		values(t.Consts)
		values(t.Vars)
		functions("", t.Funcs)
		functions(t.Name+"_", t.Methods)
	}
	return names
}
