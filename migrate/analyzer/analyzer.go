// Package analyzer finds the uses of github.com/fullstorydev/grpchan and of
// grpc-gateway that go wrong on an in-process gRPC channel. Where it is safe,
// it rewrites them to github.com/inprocchain/inprocchain.
//
// It works on types, not on text: it recognizes renamed imports and type aliases. It
// ignores generated files. It exports one Analyzer, for golangci-lint, gopls, go vet and
// every other driver of golang.org/x/tools/go/analysis.
package analyzer

import (
	"cmp"
	"go/ast"
	"go/token"
	"go/types"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/inspect"
	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"
)

const doc = `find grpchan calls that go wrong on an in-process channel

It rewrites to github.com/inprocchain/inprocchain, where that is safe:

 - grpchan.InterceptClientConn and its variants on an *inprocgrpc.Channel: the
   wrapper hides the channel.

It reports:

 - assertions to *inprocgrpc.Channel, which panic or miss the channel when it
   is wrapped;
 - an interceptor or a stats handler of a channel that a later call replaces;
 - stats handlers on an *inprocgrpc.Channel, where every duration is wrong;
 - interceptors that add events to a span before otelgrpc has started it;
 - otelgrpc on one server both as an interceptor and as a stats handler;
 - grpc-gateway's Register…HandlerServer, which runs no interceptor;
 - incoming metadata whose keys become HTTP headers, and HTTP headers that become
   outgoing metadata, which fails on a network.`

// Analyzer reports uses of grpchan and grpc-gateway that go wrong on an
// in-process channel. The text of each diagnostic says what happens and what to
// do instead.
//
// A diagnostic that can be fixed has one suggested fix. All diagnostics of a
// file share the same fix, because the rewritten calls share the imports of the
// file and are correct only together. Applying the fix a second time changes
// nothing. A diagnostic of a call that is not rewritten gives the reason.
//
// It requires an analyzer that summarizes functions as facts, so that it knows
// what functions of other packages do. It reports nothing in inprocchain itself.
var Analyzer = &analysis.Analyzer{
	Name:     "inprocchain",
	Doc:      doc,
	URL:      "https://pkg.go.dev/github.com/inprocchain/inprocchain/migrate",
	Requires: []*analysis.Analyzer{inspect.Analyzer, summarizer},
	Run:      run,
}

func run(pass *analysis.Pass) (any, error) {
	path := pass.Pkg.Path()
	if path == inprocchainPath || strings.HasPrefix(path, inprocchainPath+"/internal/") {
		return nil, nil // The library itself asserts channels.
	}
	c := newChecker(pass, pass.ResultOf[inspect.Analyzer].(*inspector.Inspector))
	c.summaries = pass.ResultOf[summarizer].(summaries)
	c.checkIntercepts()
	c.checkAssertions()
	c.checkReplaced()
	c.checkStatsHandlers()
	c.checkSpans()
	c.checkInstrumentedTwice()
	c.checkGateways()
	c.checkMetadata()
	c.report()
	return nil, nil
}

// checker is one run of the analyzer over one package.
type checker struct {
	pass      *analysis.Pass
	info      *types.Info
	root      inspector.Cursor
	vars      *variables
	funcs     map[*types.Func]*ast.FuncDecl
	summaries summaries
	plans     map[*ast.File]*plan
	findings  []finding
}

// finding is a diagnostic of a file. If it is rewritten, its fix is that of the
// file.
type finding struct {
	analysis.Diagnostic
	file      *ast.File
	rewritten bool
}

func newChecker(pass *analysis.Pass, in *inspector.Inspector) *checker {
	c := &checker{
		pass:      pass,
		info:      pass.TypesInfo,
		root:      in.Root(),
		vars:      newVariables(pass.TypesInfo, pass.Files),
		funcs:     make(map[*types.Func]*ast.FuncDecl),
		summaries: make(summaries),
		plans:     make(map[*ast.File]*plan),
	}
	for _, file := range pass.Files {
		c.plans[file] = &plan{file: file}
		for _, decl := range file.Decls {
			if decl, ok := decl.(*ast.FuncDecl); ok && decl.Body != nil {
				if fn, ok := c.info.Defs[decl.Name].(*types.Func); ok {
					c.funcs[fn] = decl
				}
			}
		}
	}
	return c
}

// found records a diagnostic for the node at cur. rewritten says that the plan
// of its file fixes it.
func (c *checker) found(cur inspector.Cursor, d analysis.Diagnostic, rewritten bool) {
	c.findings = append(c.findings, finding{d, fileOf(cur), rewritten})
}

// report reports the findings in source order, each with the fix of its file if
// that fixes it.
func (c *checker) report() {
	slices.SortStableFunc(c.findings, func(a, b finding) int {
		p, q := c.pass.Fset.Position(a.Pos), c.pass.Fset.Position(b.Pos) // files are parsed in any order
		return cmp.Or(strings.Compare(p.Filename, q.Filename), p.Offset-q.Offset)
	})
	for _, f := range c.findings {
		if f.rewritten {
			f.SuggestedFixes = []analysis.SuggestedFix{{Message: "Use inprocchain throughout this file", TextEdits: c.edits(c.plans[f.file])}}
		}
		c.pass.Report(f.Diagnostic)
	}
}

// all yields the nodes of the given types in files that are not generated.
func (c *checker) all(types ...ast.Node) func(yield func(inspector.Cursor) bool) {
	return func(yield func(inspector.Cursor) bool) {
		for cur := range c.root.Preorder(types...) {
			if !ast.IsGenerated(fileOf(cur)) && !yield(cur) {
				return
			}
		}
	}
}

// calls yields the calls in files that are not generated.
func (c *checker) calls() func(yield func(inspector.Cursor, *ast.CallExpr) bool) {
	return func(yield func(inspector.Cursor, *ast.CallExpr) bool) {
		for cur := range c.all((*ast.CallExpr)(nil)) {
			if !yield(cur, cur.Node().(*ast.CallExpr)) {
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

// outside returns the first node around cur that is not a parenthesized expression, and
// which part of that node cur is.
func outside(cur inspector.Cursor) (around inspector.Cursor, kind edge.Kind, index int) {
	for {
		kind, index = cur.ParentEdge()
		if kind != edge.ParenExpr_X {
			return cur.Parent(), kind, index
		}
		cur = cur.Parent()
	}
}

// cursor returns the cursor of a node of this package.
func (c *checker) cursor(n ast.Node) inspector.Cursor {
	cur, ok := c.root.FindNode(n)
	if !ok {
		panic("inprocchain: a node outside the package")
	}
	return cur
}

func (c *checker) line(pos token.Pos) int { return c.pass.Fset.Position(pos).Line }

// position returns the name of a file and a line in it.
func (c *checker) position(pos token.Pos) string {
	p := c.pass.Fset.Position(pos)
	return filepath.Base(p.Filename) + ":" + strconv.Itoa(p.Line)
}
