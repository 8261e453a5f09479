package analyzer

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"
	"golang.org/x/tools/go/types/typeutil"
)

// An element is an interceptor, a stats handler or an option in a list.
type element struct {
	expr       ast.Expr
	conditions []string // under which it is in the list
}

// elements returns the elements of the list that e is when it is used at pos: a
// slice literal, a variable to which elements are appended, or a call that chains
// interceptors. Every other expression is one element.
func (c *checker) elements(e ast.Expr, pos token.Pos) []element {
	return (&lister{checker: c, pos: pos, bound: make(map[*types.Var][]element)}).list(e)
}

// lister collects the elements of a list.
type lister struct {
	*checker
	pos   token.Pos                // where the list is used; later assignments are ignored
	bound map[*types.Var][]element // the variables that are being evaluated, with their elements so far
}

func (l *lister) list(e ast.Expr) []element {
	switch e := ast.Unparen(e).(type) {
	case *ast.CompositeLit:
		if !isSlice(l.info.TypeOf(e)) {
			break
		}
		return l.lists(e.Elts)
	case *ast.Ident:
		if x := varOf(l.info, e); x != nil && isSlice(x.Type()) {
			return l.variable(e, x)
		}
	case *ast.CallExpr:
		return l.call(e)
	}
	return []element{{e, l.conditions(e)}}
}

func (l *lister) lists(exprs []ast.Expr) (elements []element) {
	for _, e := range exprs {
		elements = append(elements, l.list(e)...)
	}
	return elements
}

// variable returns what is in a variable after the assignments before l.pos, in
// source order.
func (l *lister) variable(e ast.Expr, x *types.Var) []element {
	if held, ok := l.bound[x]; ok {
		return held
	}
	a, ok := l.vars.of(x)
	if !ok {
		return []element{{e, l.conditions(e)}}
	}
	l.bound[x] = nil
	defer delete(l.bound, x)
	for _, value := range a.values {
		if value.Pos() >= l.pos {
			break
		}
		held := l.list(value)
		if len(l.conditions(value)) > 0 && !mentions(l.info, value, x) {
			held = append(slices.Clone(l.bound[x]), held...) // The assignment is conditional.
		}
		l.bound[x] = held
	}
	return l.bound[x]
}

// call returns the elements of a call: of append and the like, of a function
// that chains interceptors, or the call itself.
func (l *lister) call(call *ast.CallExpr) []element {
	if l.info.Types[call.Fun].IsType() && len(call.Args) == 1 {
		return l.list(call.Args[0])
	}
	if id, ok := ast.Unparen(call.Fun).(*ast.Ident); ok && l.info.Uses[id] == types.Universe.Lookup("append") {
		return l.lists(call.Args)
	}
	fn := typeutil.StaticCallee(l.info, call)
	if fn != nil && fn.Pkg() != nil && fn.Pkg().Path() == "slices" && (fn.Name() == "Concat" || fn.Name() == "Clone") {
		return l.lists(call.Args)
	}
	if interceptorKind(l.info.TypeOf(call)) != noInterceptor {
		if chained := l.lists(l.interceptorArgs(call)); len(chained) > 0 {
			return chained
		}
	}
	return []element{{call, l.conditions(call)}}
}

// interceptorArgs returns the arguments of call that are interceptors or slices
// of them.
func (c *checker) interceptorArgs(call *ast.CallExpr) (args []ast.Expr) {
	for _, arg := range call.Args {
		t := c.info.TypeOf(arg)
		if t == nil || c.isNil(arg) {
			continue
		}
		if slice, ok := t.Underlying().(*types.Slice); ok {
			t = slice.Elem()
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

func mentions(info *types.Info, e ast.Expr, x *types.Var) (found bool) {
	ast.Inspect(e, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && info.Uses[id] == x {
			found = true
		}
		return true
	})
	return found
}

// conditions returns the conditions under which n is evaluated in its function, as
// source text. Those of an else branch begin with "!".
func (c *checker) conditions(n ast.Node) (conditions []string) {
	for cur := c.cursor(n); ; cur = cur.Parent() {
		kind, _ := cur.ParentEdge()
		switch parent := cur.Parent().Node().(type) {
		case *ast.IfStmt:
			switch kind {
			case edge.IfStmt_Body:
				conditions = append(conditions, types.ExprString(parent.Cond))
			case edge.IfStmt_Else:
				conditions = append(conditions, negated(parent.Cond))
			}
		case *ast.CaseClause:
			if kind == edge.CaseClause_Body {
				conditions = append(conditions, c.caseCondition(cur.Parent()))
			}
		case *ast.FuncDecl, *ast.FuncLit, *ast.File:
			slices.Sort(conditions)
			return slices.Compact(conditions)
		}
	}
}

func negated(cond ast.Expr) string {
	if not, ok := ast.Unparen(cond).(*ast.UnaryExpr); ok && not.Op == token.NOT {
		return types.ExprString(ast.Unparen(not.X))
	}
	if _, binary := ast.Unparen(cond).(*ast.BinaryExpr); binary {
		return "!(" + types.ExprString(cond) + ")"
	}
	return "!" + types.ExprString(cond)
}

// caseCondition returns the condition of a clause of a switch.
func (c *checker) caseCondition(clause inspector.Cursor) string {
	var texts []string
	for _, e := range clause.Node().(*ast.CaseClause).List {
		texts = append(texts, types.ExprString(e))
	}
	text := "case " + strings.Join(texts, ", ")
	if texts == nil {
		text = "default"
	}
	if sw, ok := clause.Parent().Parent().Node().(*ast.SwitchStmt); ok {
		if sw.Tag == nil && len(texts) == 1 {
			return texts[0]
		}
		if sw.Tag != nil {
			return "switch " + types.ExprString(sw.Tag) + " " + text
		}
	}
	return text + " in line " + c.position(clause.Node().Pos())
}

// excludes reports whether the conditions a and b cannot hold together.
func excludes(a, b []string) bool {
	for _, x := range a {
		for _, y := range b {
			if x == "!"+y || y == "!"+x || x == "!("+y+")" || y == "!("+x+")" || differentCases(x, y) {
				return true
			}
		}
	}
	return false
}

func differentCases(x, y string) bool {
	before := func(s string) string {
		if tag, rest, ok := strings.Cut(s, " case "); ok && strings.HasPrefix(s, "switch ") && rest != "" {
			return tag
		}
		tag, _ := strings.CutSuffix(s, " default")
		return tag
	}
	return x != y && strings.HasPrefix(x, "switch ") && before(x) == before(y)
}

// identity returns an object that identifies an element, so that the same interceptor or
// stats handler can be recognized in two lists: a function, a variable, a field or a
// type. For the result of a call, it is the called function. It returns nil if there is
// none.
func (c *checker) identity(e ast.Expr) types.Object {
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		x := varOf(c.info, e)
		if x == nil {
			return c.info.Uses[e]
		}
		if value := c.vars.sole(x); value != nil {
			if obj := c.identity(value); obj != nil {
				return obj
			}
		}
		return x
	case *ast.SelectorExpr:
		return c.info.Uses[e.Sel]
	case *ast.CallExpr:
		if c.info.Types[e.Fun].IsType() && len(e.Args) == 1 {
			return c.identity(e.Args[0])
		}
		if fn := typeutil.StaticCallee(c.info, e); fn != nil {
			return fn
		}
	case *ast.UnaryExpr:
		if e.Op == token.AND {
			return c.identity(e.X)
		}
	case *ast.CompositeLit:
		if named, ok := types.Unalias(c.info.TypeOf(e)).(*types.Named); ok {
			return named.Obj()
		}
	}
	return nil
}
