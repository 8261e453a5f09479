package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
)

// A test is what is run as one: a test function, or a method of a suite of
// tests, such as those of grpc-go and of testify.
type test struct {
	pkg  string // import path
	name string
	run  string // pattern for -test.run
}

// listTests returns the tests of a directory, of those that a test binary lists.
func listTests(pkg, dir string, listed []string) ([]test, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		return nil, err
	}
	functions := map[string]*ast.FuncDecl{}
	methods := map[string][]string{} // of a type, those that are tests
	for _, name := range names {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			return nil, err
		}
		for _, decl := range file.Decls {
			function, ok := decl.(*ast.FuncDecl)
			if !ok || !strings.HasPrefix(function.Name.Name, "Test") {
				continue
			}
			if function.Recv == nil {
				functions[function.Name.Name] = function
				continue
			}
			receiver := typeName(function.Recv.List[0].Type)
			methods[receiver] = append(methods[receiver], function.Name.Name)
		}
	}
	var tests []test
	for _, name := range listed {
		function := functions[name]
		if function == nil {
			tests = append(tests, test{pkg, name, "^" + name + "$"}) // an example
			continue
		}
		tests = append(tests, expand(pkg, function, methods)...)
	}
	return tests, nil
}

// expand returns the tests of a test function that only runs a suite.
func expand(pkg string, function *ast.FuncDecl, methods map[string][]string) []test {
	name := function.Name.Name
	var runner string
	var suiteType string
	ast.Inspect(function.Body, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.CallExpr:
			if called, ok := node.Fun.(*ast.SelectorExpr); ok {
				switch typeName(called.X) + "." + called.Sel.Name {
				case "grpctest.RunSubTests", "suite.Run":
					runner = called.Sel.Name
				}
			}
		case *ast.CompositeLit:
			if of := typeName(node.Type); suiteType == "" && len(methods[of]) > 0 {
				suiteType = of
			}
		}
		return true
	})
	if runner == "" || suiteType == "" {
		return []test{{pkg, name, "^" + name + "$"}}
	}
	var tests []test
	for _, method := range slices.Sorted(slices.Values(methods[suiteType])) {
		sub := method
		if runner == "RunSubTests" {
			sub = strings.TrimPrefix(method, "Test")
		}
		tests = append(tests, test{pkg, name + "/" + sub, "^" + name + "$/^" + sub + "$"})
	}
	return tests
}

func typeName(expr ast.Expr) string {
	switch expr := expr.(type) {
	case *ast.Ident:
		return expr.Name
	case *ast.StarExpr:
		return typeName(expr.X)
	}
	return ""
}
