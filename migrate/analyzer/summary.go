package analyzer

import (
	"go/ast"
	"go/types"
	"maps"
	"reflect"
	"slices"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/inspector"
)

// A summary describes a function for its callers. It is an analysis fact, so it is also
// available for the functions of imported packages.
type summary struct {
	NeverNil   bool      // its first result, an interceptor, is never nil
	SpanEvents bool      // it adds events to the span of a context that it did not start itself
	Sets       []setting // the With… methods it calls on channels that it is given
}

// A setting is a With… method that a function calls on one of its parameters.
type setting struct {
	Param int    // the index of the parameter
	Name  string // the name of the method
	At    string // the file and line of the call
}

func (*summary) AFact() {}

func (s *summary) isZero() bool { return !s.NeverNil && !s.SpanEvents && len(s.Sets) == 0 }

// summaries has the summaries of the functions of a package and of those that it uses.
// Functions whose summary is zero are not included.
type summaries map[*types.Func]*summary

// of returns the summary of fn, which may be nil.
func (s summaries) of(fn *types.Func) *summary {
	if fn != nil {
		if found := s[fn.Origin()]; found != nil {
			return found
		}
	}
	return &summary{}
}

// summarizer summarizes the functions of a package. It is a separate analyzer, because
// drivers run an analyzer with facts on every dependency.
var summarizer = &analysis.Analyzer{
	Name: "inprocchainsummary",
	Doc:  "summarize functions for the inprocchain analyzer",
	Run:  summarize, // It does not require package inspect, because it skips most packages.

	ResultType: reflect.TypeFor[summaries](),
	FactTypes:  []analysis.Fact{new(summary)},
}

func summarize(pass *analysis.Pass) (any, error) {
	if len(pass.Files) == 0 || !imports(pass.Pkg, make(map[*types.Package]bool), grpcPath, otelTracePath) {
		return summaries{}, nil
	}
	c := newChecker(pass, inspector.New(pass.Files))
	for _, obj := range c.info.Uses {
		if fn, ok := obj.(*types.Func); ok && fn.Pkg() != pass.Pkg {
			s := new(summary)
			if pass.ImportObjectFact(fn.Origin(), s) {
				c.summaries[fn.Origin()] = s
			}
		}
	}
	for c.summarizeAll() { // repeats, because functions call each other
	}
	for fn := range c.funcs {
		if s := c.summaries[fn]; s != nil {
			pass.ExportObjectFact(fn, s)
		}
	}
	return maps.Clone(c.summaries), nil
}

// imports reports whether pkg is, or imports directly or indirectly, a package
// with one of the paths.
func imports(pkg *types.Package, seen map[*types.Package]bool, paths ...string) bool {
	if seen[pkg] {
		return false
	}
	seen[pkg] = true
	return slices.Contains(paths, pkg.Path()) || slices.ContainsFunc(pkg.Imports(), func(imported *types.Package) bool {
		return imports(imported, seen, paths...)
	})
}

// summarizeAll summarizes every function of the package once and reports whether
// that changed a summary.
func (c *checker) summarizeAll() (changed bool) {
	for fn, decl := range c.funcs {
		s := &summary{
			NeverNil:   c.returnsInterceptor(fn) && c.neverReturnsNil(decl, 0),
			SpanEvents: c.addsSpanEvents(decl.Body),
			Sets:       c.settingsOn(fn.Signature().Params(), decl.Body),
		}
		if !s.isZero() && !reflect.DeepEqual(s, c.summaries[fn]) {
			c.summaries[fn] = s
			changed = true
		}
	}
	return changed
}

func (c *checker) returnsInterceptor(fn *types.Func) bool {
	results := fn.Signature().Results()
	return results.Len() > 0 && interceptorKind(results.At(0).Type()) != noInterceptor
}

// settingsOn returns the With… methods that body calls on these parameters,
// itself or through other functions. Function literals are not included, since
// they may run later or never.
func (c *checker) settingsOn(params *types.Tuple, body *ast.BlockStmt) (settings []setting) {
	for i := range params.Len() {
		param := params.At(i)
		if !isChannel(param.Type()) {
			continue
		}
		for _, call := range callsIn(body) {
			if _, name := c.settingOf(call); hooks[name] != "" && !c.isNil(call.Args[0]) && c.placeOf(call) == (place{variable: param}) {
				settings = append(settings, setting{i, name, c.position(call.Pos())})
			}
			for _, passed := range c.settingsBy(call) {
				if c.placeOf(call.Args[passed.Param]) == (place{variable: param}) {
					settings = append(settings, setting{i, passed.Name, passed.At})
				}
			}
		}
	}
	return lastOfEach(settings)
}

// lastOfEach returns the last setting of each method on each parameter, which is
// the one that remains.
func lastOfEach(settings []setting) (last []setting) {
	for i, s := range settings {
		if !slices.ContainsFunc(settings[i+1:], func(later setting) bool { return later.Param == s.Param && later.Name == s.Name }) {
			last = append(last, s)
		}
	}
	return last
}

// settingsBy returns the With… methods that the called function calls on the arguments
// of call.
func (c *checker) settingsBy(call *ast.CallExpr) (settings []setting) {
	for _, s := range c.summaries.of(c.callee(call)).Sets {
		if s.Param < len(call.Args) && isChannel(c.info.TypeOf(call.Args[s.Param])) {
			settings = append(settings, s)
		}
	}
	return settings
}

// callsIn returns the calls in a function in source order, without those in
// function literals.
func callsIn(body *ast.BlockStmt) (calls []*ast.CallExpr) {
	ast.Inspect(body, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			calls = append(calls, call)
		}
		_, literal := n.(*ast.FuncLit)
		return !literal
	})
	return calls
}
