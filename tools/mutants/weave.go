package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// number is the environment variable with the number of the edit that takes effect. The first
// one has the number 1.
const number = "INPROCCHAIN_MUTANT"

// mutantPackage is a package of the library, for these tests alone.
const mutantPackage = `// Package mutant says which edit takes effect.
package mutant

import (
	"os"
	"strconv"
)

var Number, _ = strconv.Atoi(os.Getenv("` + number + `"))
`

// writeOverlay writes the files of the library with all edits to directory, and what the go
// command's flag -overlay reads, whose name it returns.
func writeOverlay(root, directory string, edits []edit) (name string, err error) {
	byFile := map[string]*wovenFile{}
	for i, e := range edits {
		file := byFile[e.file]
		if file == nil {
			file = &wovenFile{}
			byFile[e.file] = file
		}
		if err := file.add(root, i+1, e); err != nil {
			return "", fmt.Errorf("%v: %w", e, err)
		}
	}
	replace := map[string]string{}
	write := func(file string, data []byte) error {
		path := filepath.Join(directory, strings.ReplaceAll(file, "/", "_"))
		replace[filepath.Join(root, file)] = path
		return os.WriteFile(path, data, 0o600)
	}
	if err := write("internal/mutant/mutant.go", []byte(mutantPackage)); err != nil {
		return "", err
	}
	for file, woven := range byFile {
		if err := write(file, woven.source()); err != nil {
			return "", err
		}
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	name = filepath.Join(directory, "overlay.json")
	return name, os.WriteFile(name, overlay, 0o600)
}

// A wovenFile is a Go file with edits.
type wovenFile struct {
	original   []byte
	insertions []insertion
	functions  bytes.Buffer // with edits
}

type insertion struct {
	offset int
	text   string
}

// add adds an edit with its number.
func (w *wovenFile) add(root string, n int, e edit) error {
	original, err := os.ReadFile(filepath.Join(root, e.file))
	if err != nil {
		return err
	}
	w.original = original
	edited, err := e.apply(original)
	if err != nil {
		return err
	}
	before, err := functionAt(original, bytes.Index(original, []byte(e.old)))
	if err != nil {
		return err
	}
	after, err := functionAt(edited, before.bodyStart)
	if err != nil {
		return err
	}
	name := fmt.Sprintf("%s_mutant%d", before.decl.Name.Name, n)
	text := edited[after.start:after.end]
	at := after.nameStart - after.start
	fmt.Fprintf(&w.functions, "\n%s%s%s\n", text[:at], name, text[at+len(before.decl.Name.Name):])
	w.insertions = append(w.insertions, insertion{before.bodyStart + 1, before.callIf(n, name)})
	return nil
}

// source returns the file with all edits.
func (w *wovenFile) source() []byte {
	var out bytes.Buffer
	clause := bytes.Index(w.original, []byte("\nimport")) + 1
	insertions := append(w.insertions, insertion{clause, "import \"github.com/inprocchain/inprocchain/internal/mutant\"\n"})
	slices.SortStableFunc(insertions, func(a, b insertion) int { return cmp.Compare(a.offset, b.offset) })
	written := 0
	for _, in := range insertions {
		out.Write(w.original[written:in.offset])
		out.WriteString(in.text)
		written = in.offset
	}
	out.Write(w.original[written:])
	out.Write(w.functions.Bytes())
	return out.Bytes()
}

// A function is where the declaration of a function is in its file.
type function struct {
	decl                             *ast.FuncDecl
	start, nameStart, bodyStart, end int
}

// functionAt returns the function whose declaration includes an offset.
func functionAt(source []byte, offset int) (function, error) {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, "", source, 0)
	if err != nil {
		return function{}, err
	}
	at := func(p token.Pos) int { return files.Position(p).Offset }
	for _, decl := range file.Decls {
		if f, ok := decl.(*ast.FuncDecl); ok && at(f.Pos()) <= offset && offset < at(f.End()) {
			return function{f, at(f.Pos()), at(f.Name.Pos()), at(f.Body.Lbrace), at(f.End())}, nil
		}
	}
	return function{}, fmt.Errorf("the edit is not in a function")
}

// callIf returns a statement that calls the function with the given name, which has the same
// parameters and results, if the edit with number n takes effect.
func (f function) callIf(n int, name string) string {
	var args []string
	for _, field := range f.decl.Type.Params.List {
		for _, param := range field.Names {
			arg := param.Name
			if arg == "_" {
				arg = "nil" // An edit has no use for it.
			}
			if _, isVariadic := field.Type.(*ast.Ellipsis); isVariadic {
				arg += "..."
			}
			args = append(args, arg)
		}
	}
	call := name + "(" + strings.Join(args, ", ") + ")"
	if f.decl.Recv != nil {
		call = receiver(f.decl.Recv.List[0]) + "." + call
	}
	if f.decl.Type.Results == nil {
		return fmt.Sprintf("if mutant.Number == %d { %s; return }; ", n, call)
	}
	return fmt.Sprintf("if mutant.Number == %d { return %s }; ", n, call)
}

// receiver returns an expression for the receiver of a method. One without a name has a struct
// type, and its methods use no fields.
func receiver(field *ast.Field) string {
	if len(field.Names) > 0 {
		return field.Names[0].Name
	}
	return field.Type.(*ast.Ident).Name + "{}"
}
