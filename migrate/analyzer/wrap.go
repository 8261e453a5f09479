package analyzer

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"

	"golang.org/x/tools/go/ast/inspector"
	"golang.org/x/tools/go/types/typeutil"
)

// wrap plans to turn the intercept call at cur, and those nested in it, into one of inprocchain.Wrap. If that
// might not compile or not do the same, it plans nothing and returns why.
func (c *checker) wrap(cur inspector.Cursor) (reason string) {
	calls := c.nest(cur.Node().(*ast.CallExpr))
	channel := calls[len(calls)-1].Args[0]
	for _, check := range []func() string{
		func() string { return c.wrapChannel(cur, channel) },
		func() string { return c.wrapInterceptors(calls) },
		func() string { return c.wrapResult(cur) },
	} {
		if reason := check(); reason != "" {
			return reason
		}
	}
	if !c.plan(cur).try(c.wrapEdits(calls)) {
		return commentInTheWay
	}
	return ""
}

// nest returns the intercept calls from the outermost to that which takes the channel.
func (c *checker) nest(call *ast.CallExpr) []*ast.CallExpr {
	calls := []*ast.CallExpr{call}
	if inner, kind := c.interceptOf(call.Args[0]); kind != noIntercept {
		calls = append(calls, c.nest(inner)...)
	}
	return calls
}

// wrapChannel says why channel may not go to inprocchain.Wrap, which wants one that is bare, and only once.
func (c *checker) wrapChannel(cur inspector.Cursor, channel ast.Expr) string {
	if c.isFresh(channel) {
		return ""
	}
	const elsewhere = "the channel is not made in this function, so it may carry interceptors already, with which inprocchain.Wrap panics"
	if _, name := c.settingOf(channel); name != "" {
		return "the channel carries " + name + ", with which inprocchain.Wrap panics; pass all of it to inprocchain.New"
	}
	x := channelVar(c.info, channel)
	if x == nil || !isChannel(c.info.TypeOf(channel)) {
		return elsewhere
	}
	uses := c.newFlow(grpcInterface)
	fine := uses.variable(x)
	switch {
	case uses.hooked || c.settled(x):
		return "the channel carries interceptors, stats handlers or a cloner of its own, with which inprocchain.Wrap panics; pass them all to inprocchain.New"
	case !c.madeHere(x):
		return elsewhere
	case !fine:
		return "the channel also goes where more may be added to it, and inprocchain.Wrap wants it bare"
	case len(uses.intercepts) > 1:
		return "the channel is intercepted more than once, and inprocchain.Wrap wants it bare"
	case repeats(cur, x):
		return "this may run more than once for one channel, and inprocchain.Wrap wants it bare"
	}
	return ""
}

// settled reports whether x is assigned a channel on which something is set in the same expression.
func (c *checker) settled(x *types.Var) bool {
	a, ok := c.vars.of(x)
	return ok && slices.ContainsFunc(a.values, func(value ast.Expr) bool {
		sel, _ := c.settingOf(value)
		return sel != nil
	})
}

// channelVar returns the variable that e names, itself or after an &.
func channelVar(info *types.Info, e ast.Expr) *types.Var {
	if and, ok := ast.Unparen(e).(*ast.UnaryExpr); ok && and.Op == token.AND {
		e = and.X
	}
	return varOf(info, e)
}

// madeHere reports whether x is a local variable that holds one channel, made where it is declared.
func (c *checker) madeHere(x *types.Var) bool {
	a, ok := c.vars.of(x)
	if !ok || x.Parent() == x.Pkg().Scope() {
		return false
	}
	if isChannel(x.Type()) {
		return !a.zero && len(a.values) == 1 && c.isFresh(a.values[0])
	}
	if a.zero {
		return len(a.values) == 0
	}
	_, literal := ast.Unparen(a.values[0]).(*ast.CompositeLit)
	return literal && len(a.values) == 1
}

// repeats reports whether a loop or a function literal stands between the declaration of x and the call at cur.
func repeats(cur inspector.Cursor, x *types.Var) bool {
	for around := range cur.Enclosing((*ast.ForStmt)(nil), (*ast.RangeStmt)(nil), (*ast.FuncLit)(nil), (*ast.LabeledStmt)(nil)) {
		if n := around.Node(); x.Pos() < n.Pos() || n.End() <= x.Pos() {
			return true
		}
	}
	return false
}

// wrapInterceptors says why the interceptors of these calls may not become options.
func (c *checker) wrapInterceptors(calls []*ast.CallExpr) string {
	seen := make(map[string]bool)
	for _, call := range calls {
		_, kind := c.interceptOf(call)
		kinds := make(map[string]bool)
		for i, arg := range call.Args[1:] {
			if c.isNil(arg) && kind == interceptBoth {
				continue
			}
			kinds[c.wrapOption(call, i)] = true
			if !call.Ellipsis.IsValid() && !c.never(arg, 0) {
				return "an interceptor may be nil, which inprocchain.Wrap refuses"
			}
		}
		for kind := range kinds {
			if seen[kind] {
				return "nested calls run their interceptors in another order"
			}
			seen[kind] = true
		}
	}
	return ""
}

// wrapOption names the option for the i-th interceptor of an intercept call.
func (c *checker) wrapOption(call *ast.CallExpr, i int) string {
	_, kind := c.interceptOf(call)
	if kind == interceptStream || kind == interceptBoth && i == 1 {
		return "WithStreamClientInterceptors"
	}
	return "WithUnaryClientInterceptors"
}

// never reports whether e is never nil, as far as this package tells: what functions of other packages
// return is taken for something.
func (c *checker) never(e ast.Expr, depth int) bool {
	const deepest = 8 // functions may be recursive
	e = ast.Unparen(e)
	if c.isNil(e) || depth > deepest {
		return false
	}
	switch e := e.(type) {
	case *ast.FuncLit, *ast.CompositeLit:
		return true
	case *ast.UnaryExpr:
		return e.Op == token.AND
	case *ast.CallExpr:
		return c.neverReturns(e, depth+1)
	case *ast.SelectorExpr:
		_, fn := c.info.Uses[e.Sel].(*types.Func)
		return fn
	case *ast.Ident:
		if x := varOf(c.info, e); x != nil {
			a, ok := c.vars.of(x)
			return ok && !a.zero && !slices.ContainsFunc(a.values, func(v ast.Expr) bool { return !c.never(v, depth+1) })
		}
		_, fn := c.info.Uses[e].(*types.Func)
		return fn
	}
	return false
}

func (c *checker) neverReturns(call *ast.CallExpr, depth int) bool {
	if c.info.Types[call.Fun].IsType() && len(call.Args) == 1 {
		return c.never(call.Args[0], depth)
	}
	fn := typeutil.StaticCallee(c.info, call)
	if fn == nil || fn.Pkg() == nil || fn.Pkg().Path() == inprocchainPath {
		return false // inprocchain.Chain returns nil where there is no interceptor
	}
	decl := c.funcs[fn.Origin()]
	if decl == nil || decl.Body == nil {
		return fn.Pkg() != c.pass.Pkg
	}
	for _, result := range firstResults(decl.Body) {
		if result == nil || !c.never(result, depth) {
			return false
		}
	}
	return true
}

// firstResults returns the first operand of every return statement of a function, nil for one without.
func firstResults(body *ast.BlockStmt) []ast.Expr {
	var results []ast.Expr
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.ReturnStmt:
			if len(n.Results) == 0 {
				results = append(results, nil)
				break
			}
			results = append(results, n.Results[0])
		}
		return true
	})
	return results
}

// wrapResult says why the result of the call at cur may not be an *inprocchain.Channel.
func (c *checker) wrapResult(cur inspector.Cursor) string {
	result := c.newFlow(anyInterface)
	fine := result.expr(cur)
	switch {
	case result.asserted:
		return "the result is asserted, and to the channel itself the client interceptors would be lost"
	case !fine:
		return "its result is used in a way that might not compile, or not do the same, with an *inprocchain.Channel"
	}
	return ""
}

func (c *checker) wrapEdits(calls []*ast.CallExpr) []edit {
	outer := calls[0]
	edits := []edit{{outer.Pos(), outer.Fun.End(), qualifier + "Wrap"}}
	for _, call := range calls[1:] { // it goes, with its parentheses, and its options become the outer call's
		edits = append(edits, edit{call.Pos(), call.Args[0].Pos(), ""}, edit{lastEnd(call), call.End(), ""})
	}
	for _, call := range calls {
		edits = append(edits, c.optionEdits(call)...)
	}
	return edits
}

// optionEdits turn the interceptors of a call into options and drop those that are nil.
func (c *checker) optionEdits(call *ast.CallExpr) (edits []edit) {
	end := call.Args[0].End()
	for i, arg := range call.Args[1:] {
		option, last := c.wrapOption(call, i), i+2 == len(call.Args)
		switch {
		case c.isNil(arg):
			edits = append(edits, edit{end, arg.End(), ""})
		case i == 0 || option != c.wrapOption(call, i-1):
			edits = append(edits, edit{arg.Pos(), arg.Pos(), qualifier + option + "("})
		}
		if end = arg.End(); last {
			end = lastEnd(call)
		}
		if !c.isNil(arg) && (last || option != c.wrapOption(call, i+1)) {
			edits = append(edits, edit{end, end, ")"})
		}
	}
	return edits
}

// lastEnd is where the arguments of a call end, the comma after them not counted.
func lastEnd(call *ast.CallExpr) token.Pos {
	if call.Ellipsis.IsValid() {
		return call.Ellipsis + token.Pos(len("..."))
	}
	return call.Args[len(call.Args)-1].End()
}
