// Package analyzer finds the calls of github.com/fullstorydev/grpchan that go wrong on an in-process
// channel and, where that is safe, rewrites them to github.com/inprocchain/inprocchain.
//
// It works on types, not on text: renamed and dot imports, type aliases and embedded channels are seen
// through, and generated files are left alone. It exports one Analyzer, for golangci-lint, gopls, go vet
// and every other driver of golang.org/x/tools/go/analysis.
package analyzer

import (
	"cmp"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/inspect"
	"golang.org/x/tools/go/ast/inspector"
)

const doc = `find grpchan calls that go wrong on an in-process channel

It reports, and where that is safe rewrites to github.com/inprocchain/inprocchain:

 - grpchan.InterceptClientConn and its kin on an *inprocgrpc.Channel: the wrapper hides the channel;
 - assertions to *inprocgrpc.Channel, which panic or miss the channel as soon as it is wrapped;
 - an interceptor or a stats handler of a channel that a later call replaces;
 - stats handlers on an *inprocgrpc.Channel, where every duration is wrong;
 - client interceptors that use their *grpc.ClientConn, which is nil there.`

// Analyzer reports calls of grpchan that go wrong on an in-process channel, one diagnostic for each, whose
// text says what happens and what to do instead.
//
// Every diagnostic that can be mended carries one suggested fix, the same for a whole file: the rewritten
// calls of a file share its imports, so they are right only together. Applying it a second time changes
// nothing more. A diagnostic without a fix says why there is none, where that is not plain.
//
// It needs no facts of other packages and reports nothing in inprocchain itself.
var Analyzer = &analysis.Analyzer{
	Name:     "inprocchain",
	Doc:      doc,
	URL:      "https://pkg.go.dev/github.com/inprocchain/inprocchain/migrate",
	Requires: []*analysis.Analyzer{inspect.Analyzer},
	Run:      run,
}

func run(pass *analysis.Pass) (any, error) {
	path := pass.Pkg.Path()
	if path == inprocchainPath || strings.HasPrefix(path, inprocchainPath+"/internal/") {
		return nil, nil // it asserts channels for a living
	}
	c := newChecker(pass)
	c.checkIntercepts()
	c.checkAssertions()
	c.checkReplaced()
	c.checkStatsHandlers()
	c.checkClientConns()
	c.report()
	return nil, nil
}

// checker is one run of the analyzer over one package.
type checker struct {
	pass     *analysis.Pass
	info     *types.Info
	root     inspector.Cursor
	vars     *variables
	funcs    map[*types.Func]*ast.FuncDecl
	plans    map[*ast.File]*plan
	findings []finding
}

// finding is a diagnostic of a file; its fix, if rewritten, is that of the file.
type finding struct {
	analysis.Diagnostic
	file      *ast.File
	rewritten bool
}

func newChecker(pass *analysis.Pass) *checker {
	c := &checker{
		pass:  pass,
		info:  pass.TypesInfo,
		root:  pass.ResultOf[inspect.Analyzer].(*inspector.Inspector).Root(),
		vars:  newVariables(pass.TypesInfo, pass.Files),
		funcs: make(map[*types.Func]*ast.FuncDecl),
		plans: make(map[*ast.File]*plan),
	}
	for _, file := range pass.Files {
		c.plans[file] = &plan{file: file}
		for _, decl := range file.Decls {
			if decl, ok := decl.(*ast.FuncDecl); ok {
				if fn, ok := c.info.Defs[decl.Name].(*types.Func); ok {
					c.funcs[fn] = decl
				}
			}
		}
	}
	return c
}

// found notes a diagnostic for the node at cur; rewritten says that the plan of its file mends it.
func (c *checker) found(cur inspector.Cursor, d analysis.Diagnostic, rewritten bool) {
	c.findings = append(c.findings, finding{d, fileOf(cur), rewritten})
}

// report hands over what was found, in the order of the source, each file's fix to all that it mends.
func (c *checker) report() {
	slices.SortStableFunc(c.findings, func(a, b finding) int {
		p, q := c.pass.Fset.Position(a.Pos), c.pass.Fset.Position(b.Pos) // files are read in any order
		return cmp.Or(strings.Compare(p.Filename, q.Filename), p.Offset-q.Offset)
	})
	fixes := make(map[*ast.File][]analysis.TextEdit)
	for file, plan := range c.plans {
		fixes[file] = c.edits(plan)
	}
	for _, f := range c.findings {
		if f.rewritten {
			// A copy, since drivers sort and complete the edits of a fix in place.
			f.SuggestedFixes = []analysis.SuggestedFix{{Message: fixMessage, TextEdits: slices.Clone(fixes[f.file])}}
		}
		c.pass.Report(f.Diagnostic)
	}
}

const fixMessage = "Use inprocchain throughout this file"

// all yields the nodes of the given types in files that people write.
func (c *checker) all(types ...ast.Node) func(yield func(inspector.Cursor) bool) {
	return func(yield func(inspector.Cursor) bool) {
		for cur := range c.root.Preorder(types...) {
			if !ast.IsGenerated(fileOf(cur)) && !yield(cur) {
				return
			}
		}
	}
}

func fileOf(cur inspector.Cursor) *ast.File {
	for file := range cur.Enclosing((*ast.File)(nil)) {
		return file.Node().(*ast.File)
	}
	panic("inprocchain: a node outside every file")
}

func (c *checker) plan(cur inspector.Cursor) *plan { return c.plans[fileOf(cur)] }

func (c *checker) line(pos token.Pos) int { return c.pass.Fset.Position(pos).Line }
