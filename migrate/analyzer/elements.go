package analyzer

import (
	"go/ast"
	"go/types"
	"slices"

	"golang.org/x/tools/go/ast/edge"
)

// elements returns the interceptors, stats handlers or options of the list that e is when
// it is used at the end of use: a slice literal, a variable to which elements are appended, or a
// call that chains interceptors. Every other expression is one element.
func (c *checker) elements(e ast.Expr, use ast.Node) []ast.Expr {
	return (&lister{checker: c, use: use, bound: make(map[*types.Var][]ast.Expr)}).list(e)
}

// lister collects the elements of a list.
type lister struct {
	*checker
	use   ast.Node                  // where the list is used; later assignments are ignored
	bound map[*types.Var][]ast.Expr // the variables that are being evaluated, with their elements so far
}

func (l *lister) list(e ast.Expr) []ast.Expr {
	switch e := ast.Unparen(e).(type) {
	case *ast.CompositeLit:
		if isSlice(l.info.TypeOf(e)) {
			return l.lists(e.Elts)
		}
	case *ast.Ident:
		if x := varOf(l.info, e); x != nil && isSlice(x.Type()) {
			return l.variable(e, x)
		}
	case *ast.CallExpr:
		return l.call(e)
	}
	return []ast.Expr{e}
}

func (l *lister) lists(exprs []ast.Expr) (elements []ast.Expr) {
	for _, e := range exprs {
		elements = append(elements, l.list(e)...)
	}
	return elements
}

// variable returns what is in a variable after the assignments before l.use, in
// source order.
func (l *lister) variable(e ast.Expr, x *types.Var) []ast.Expr {
	if held, ok := l.bound[x]; ok {
		return held
	}
	a, ok := l.vars.of(x)
	if !ok {
		return []ast.Expr{e}
	}
	l.bound[x] = nil
	defer delete(l.bound, x)
	for _, value := range a.values {
		if value.Pos() >= l.use.Pos() {
			break
		}
		held := l.list(value)
		if l.conditional(value) && !mentions(l.info, value, x) {
			held = append(slices.Clone(l.bound[x]), held...)
		}
		l.bound[x] = held
	}
	return l.bound[x]
}

// call returns the elements of a call: of append and the like, of a function
// that chains interceptors, or the call itself.
func (l *lister) call(call *ast.CallExpr) []ast.Expr {
	if l.info.Types[call.Fun].IsType() && len(call.Args) == 1 {
		return l.list(call.Args[0])
	}
	if id, ok := ast.Unparen(call.Fun).(*ast.Ident); ok && l.info.Uses[id] == types.Universe.Lookup("append") {
		return l.lists(call.Args)
	}
	if l.callsOneOf(call, "slices", "Concat", "Clone") {
		return l.lists(call.Args)
	}
	if interceptorKind(l.info.TypeOf(call)) != noInterceptor {
		if chained := l.lists(l.interceptorArgs(call)); len(chained) > 0 {
			return chained
		}
	}
	return []ast.Expr{call}
}

// interceptorArgs returns the arguments of call that are interceptors or slices
// of them.
func (c *checker) interceptorArgs(call *ast.CallExpr) (args []ast.Expr) {
	for _, arg := range call.Args {
		t := c.info.TypeOf(arg)
		if isSlice(t) {
			t = t.Underlying().(*types.Slice).Elem()
		}
		if interceptorKind(t) != noInterceptor {
			args = append(args, arg)
		}
	}
	return args
}

func isSlice(t types.Type) bool {
	if t == nil {
		return false
	}
	_, ok := t.Underlying().(*types.Slice)
	return ok
}

// conditional reports whether n may not be evaluated when its function runs.
func (c *checker) conditional(n ast.Node) bool {
	for around := range c.cursor(n).Enclosing((*ast.IfStmt)(nil), (*ast.CaseClause)(nil), (*ast.FuncDecl)(nil), (*ast.FuncLit)(nil)) {
		switch around.Node().(type) {
		case *ast.IfStmt, *ast.CaseClause:
			return true
		}
		return false
	}
	return false
}

// exclusive reports whether a and b are in different branches of one statement.
func (c *checker) exclusive(a, b ast.Node) bool {
	for cur := c.cursor(a); ; cur = cur.Parent() {
		var others []ast.Stmt
		switch n := cur.Parent().Node().(type) {
		case *ast.IfStmt:
			switch cur.ParentEdgeKind() {
			case edge.IfStmt_Body:
				others = []ast.Stmt{n.Else}
			case edge.IfStmt_Else:
				others = []ast.Stmt{n.Body}
			}
		case *ast.BlockStmt:
			if _, clause := cur.Node().(*ast.CaseClause); clause {
				others = n.List
			}
		case *ast.FuncDecl, *ast.FuncLit, *ast.File:
			return false
		}
		for _, other := range others {
			if other != nil && other != cur.Node() && other.Pos() <= b.Pos() && b.Pos() < other.End() {
				return true
			}
		}
	}
}

// identity returns the function, variable or field that an element is, so that otelgrpc's
// can be recognized. For the result of a call, it is the called function. It returns nil if
// there is none.
func (c *checker) identity(e ast.Expr) types.Object {
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		if x := varOf(c.info, e); x != nil {
			if value := c.vars.sole(x); value != nil {
				return c.identity(value)
			}
		}
		return c.info.Uses[e]
	case *ast.SelectorExpr:
		return c.info.Uses[e.Sel]
	case *ast.CallExpr:
		if c.info.Types[e.Fun].IsType() && len(e.Args) == 1 {
			return c.identity(e.Args[0])
		}
		if fn := c.callee(e); fn != nil {
			return fn
		}
	}
	return nil
}
