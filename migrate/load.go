package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"
)

// A source says what to analyze.
type source struct {
	patterns []string
	tests    bool
	tags     string
}

// load returns the packages to analyze, and the errors of those that do not compile.
//
// Package packages can load the packages too, but then keeps the syntax of all
// dependencies. This function type-checks the declarations of most dependencies without
// the bodies of their functions, and forgets their syntax. With a build cache that is
// empty, this is also much faster than to compile them for their export data.
func (s source) load() (found []*packages.Package, errs []error, err error) {
	config := packages.Config{
		Mode: packages.NeedName | packages.NeedCompiledGoFiles | packages.NeedImports | packages.NeedDeps |
			packages.NeedModule | packages.NeedTypesSizes,
		Tests: s.tests,
	}
	if s.tags != "" { // otherwise those of GOFLAGS apply
		config.BuildFlags = []string{"-tags=" + s.tags}
	}
	matched, err := packages.Load(&config, s.patterns...)
	if err != nil {
		return nil, nil, err
	}
	c := compiler{fset: token.NewFileSet(), whole: make(map[*packages.Package]bool), visited: make(map[*packages.Package]bool)}
	for _, p := range matched {
		if len(p.Errors) > 0 || subject(p) && !hasVariant(matched, p) {
			found = append(found, p)
			c.whole[p] = true
		}
	}
	for _, p := range found {
		c.addDependencies(p)
	}
	clear(c.visited)
	for _, p := range found {
		c.compile(p)
	}
	return slices.DeleteFunc(found, func(p *packages.Package) bool { return p.IllTyped }), c.errs, nil
}

// subject reports whether the analyzer may have something to say about p: it imports
// gRPC or one of the libraries around it.
func subject(p *packages.Package) bool {
	for path := range p.Imports {
		for _, prefix := range []string{
			"google.golang.org/grpc",
			"github.com/fullstorydev/grpchan",
			"github.com/grpc-ecosystem/grpc-gateway",
			"github.com/inprocchain/inprocchain",
		} {
			if path == prefix || strings.HasPrefix(path, prefix+"/") {
				return true
			}
		}
	}
	return false
}

// hasVariant reports whether one of the packages is p together with its test files.
func hasVariant(all []*packages.Package, p *packages.Package) bool {
	return slices.ContainsFunc(all, func(other *packages.Package) bool {
		return other.PkgPath == p.PkgPath && other.ID != p.ID && strings.HasPrefix(other.ID, p.ID+" [")
	})
}

// compiler type-checks packages, one after the other.
type compiler struct {
	fset    *token.FileSet
	whole   map[*packages.Package]bool // the packages whose functions are checked, too, and whose syntax is kept
	visited map[*packages.Package]bool
	errs    []error
}

// addDependencies notes on which packages p depends whose functions the analyzer may want to
// know: those that use gRPC or spans and are in p's module, or are imported from it.
func (c *compiler) addDependencies(p *packages.Package) {
	if c.visited[p] {
		return
	}
	c.visited[p] = true
	for _, imported := range p.Imports {
		if imported.Imports["google.golang.org/grpc"] != nil || imported.Imports["go.opentelemetry.io/otel/trace"] != nil {
			c.whole[imported] = true
		}
		if modulePath(imported) == modulePath(p) {
			c.addDependencies(imported)
		}
	}
}

func modulePath(p *packages.Package) string {
	if p.Module == nil {
		return ""
	}
	return p.Module.Path
}

// compile type-checks p after the packages that it imports.
func (c *compiler) compile(p *packages.Package) {
	if c.visited[p] {
		return
	}
	c.visited[p] = true
	for _, path := range slices.Sorted(maps.Keys(p.Imports)) {
		imported := p.Imports[path]
		c.compile(imported)
		p.IllTyped = p.IllTyped || imported.IllTyped
	}
	failed := func(err error) {
		p.IllTyped = true
		c.errs = append(c.errs, err)
	}
	for _, err := range p.Errors { // those of the go command
		failed(err)
	}
	p.Fset = c.fset
	if p.PkgPath == "unsafe" {
		p.Types = types.Unsafe
		return
	}
	files := c.parse(p, failed)
	info := &types.Info{}
	if c.whole[p] {
		p.Syntax, p.TypesInfo = files, newInfo()
		info = p.TypesInfo
	}
	config := types.Config{
		IgnoreFuncBodies: !c.whole[p],
		Importer:         importer{p},
		Sizes:            p.TypesSizes,
		Error:            failed,
	}
	if p.Module != nil && p.Module.GoVersion != "" {
		config.GoVersion = "go" + p.Module.GoVersion
	}
	if p.IllTyped {
		config.Error = func(error) {} // They would mostly follow from those that were reported.
	}
	p.Types, _ = config.Check(p.PkgPath, c.fset, files, info)
}

func (c *compiler) parse(p *packages.Package, failed func(error)) (files []*ast.File) {
	mode := parser.SkipObjectResolution
	if c.whole[p] {
		mode |= parser.ParseComments
	}
	for _, name := range p.CompiledGoFiles {
		file, err := parser.ParseFile(c.fset, name, nil, mode)
		if err != nil {
			failed(err)
		}
		if file != nil {
			files = append(files, file)
		}
	}
	return files
}

// An importer finds the packages that a package imports.
type importer struct{ p *packages.Package }

func (i importer) Import(path string) (*types.Package, error) {
	if imported := i.p.Imports[path]; imported != nil && imported.Types != nil {
		return imported.Types, nil
	}
	return nil, fmt.Errorf("package %s was not found", path)
}

func newInfo() *types.Info {
	return &types.Info{
		Types:        make(map[ast.Expr]types.TypeAndValue),
		Defs:         make(map[*ast.Ident]types.Object),
		Uses:         make(map[*ast.Ident]types.Object),
		Implicits:    make(map[ast.Node]types.Object),
		Instances:    make(map[*ast.Ident]types.Instance),
		Scopes:       make(map[ast.Node]*types.Scope),
		Selections:   make(map[*ast.SelectorExpr]*types.Selection),
		FileVersions: make(map[*ast.File]string),
	}
}
