package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
)

// A test is run separately: a test function, or one of grpc-go's independent subtests.
type test struct {
	pkg  string // import path
	name string
	run  string // pattern for -test.run
	// suite is set if the test function runs a testify suite, whose tests share a server and
	// other state. Each of these tests has its own result.
	suite bool
}

// listTests returns the tests of the test functions that a test binary lists, whose source is
// in a directory. If separate is set, it returns each test of a testify suite.
func listTests(pkg, dir string, listed []string, separate bool) ([]test, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		return nil, err
	}
	functions := map[string][]*ast.FuncDecl{} // The package and its external test package may both have one.
	methods := map[*ast.FuncDecl]map[string][]string{}
	ofPackage := map[string]map[string][]string{} // by package and type, the methods that are tests
	for _, name := range names {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			return nil, err
		}
		if ofPackage[file.Name.Name] == nil {
			ofPackage[file.Name.Name] = map[string][]string{}
		}
		for _, decl := range file.Decls {
			function, ok := decl.(*ast.FuncDecl)
			switch {
			case !ok || !strings.HasPrefix(function.Name.Name, "Test"):
			case function.Recv == nil:
				functions[function.Name.Name] = append(functions[function.Name.Name], function)
				methods[function] = ofPackage[file.Name.Name]
			default:
				receiver := typeName(function.Recv.List[0].Type)
				ofPackage[file.Name.Name][receiver] = append(ofPackage[file.Name.Name][receiver], function.Name.Name)
			}
		}
	}
	var tests []test
	slices.Sort(listed)
	for _, name := range slices.Compact(listed) {
		var subtests []string
		for _, function := range functions[name] {
			subtests = append(subtests, suiteSubtests(function, methods[function], separate)...)
		}
		slices.Sort(subtests)
		for _, sub := range slices.Compact(subtests) {
			tests = append(tests, test{pkg: pkg, name: name + "/" + sub, run: "^" + name + "$/^" + sub + "$"})
		}
		if len(subtests) == 0 {
			suite := slices.ContainsFunc(functions[name], func(f *ast.FuncDecl) bool { return calls(f, "suite.Run") })
			tests = append(tests, test{pkg: pkg, name: name, run: "^" + name + "$", suite: suite})
		}
	}
	return tests, nil
}

// suiteSubtests returns the names of the subtests that a test function runs, if they are to be
// run separately. methods has the test methods of its package by type.
func suiteSubtests(function *ast.FuncDecl, methods map[string][]string, separate bool) []string {
	var prefix string
	switch {
	case calls(function, "grpctest.RunSubTests"):
		prefix = "Test" // The subtest EmptyCall is the method TestEmptyCall.
	case separate && calls(function, "suite.Run"):
	default:
		return nil
	}
	var names []string
	ast.Inspect(function.Body, func(node ast.Node) bool {
		if literal, ok := node.(*ast.CompositeLit); ok {
			for _, method := range methods[typeName(literal.Type)] {
				names = append(names, strings.TrimPrefix(method, prefix))
			}
		}
		return true
	})
	return names
}

// calls reports whether a function calls the function name of another package.
func calls(function *ast.FuncDecl, name string) bool {
	found := false
	ast.Inspect(function.Body, func(node ast.Node) bool {
		if call, ok := node.(*ast.CallExpr); ok {
			if called, ok := call.Fun.(*ast.SelectorExpr); ok {
				found = found || typeName(called.X)+"."+called.Sel.Name == name
			}
		}
		return true
	})
	return found
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
