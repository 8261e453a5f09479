package analyzer

import (
	"go/ast"
	"go/types"
	"slices"
)

// neverNil reports whether e, an interceptor, is never nil. It looks into the
// functions that e calls, in this package and in others.
func (c *checker) neverNil(e ast.Expr, depth int) bool {
	const deepest = 8 // functions may be recursive
	e = ast.Unparen(e)
	if c.isNil(e) || depth > deepest {
		return false
	}
	switch e := e.(type) {
	case *ast.FuncLit:
		return true
	case *ast.CallExpr:
		return c.resultNeverNil(e, depth+1)
	case *ast.SelectorExpr:
		_, fn := c.info.Uses[e.Sel].(*types.Func)
		return fn
	case *ast.Ident:
		if x := varOf(c.info, e); x != nil {
			a, ok := c.vars.of(x)
			return ok && !a.zero && !slices.ContainsFunc(a.values, func(v ast.Expr) bool { return !c.neverNil(v, depth+1) })
		}
		_, fn := c.info.Uses[e].(*types.Func)
		return fn
	}
	return false
}

func (c *checker) resultNeverNil(call *ast.CallExpr, depth int) bool {
	if c.info.Types[call.Fun].IsType() && len(call.Args) == 1 {
		return c.neverNil(call.Args[0], depth)
	}
	fn := c.callee(call)
	if fn == nil {
		return false
	}
	if decl := c.funcs[fn.Origin()]; decl != nil {
		return c.neverReturnsNil(decl, depth)
	}
	return c.summaries.of(fn).NeverNil
}

// neverReturnsNil reports whether the first result of a function is never nil. It
// is false for a named result that a deferred function could set.
func (c *checker) neverReturnsNil(decl *ast.FuncDecl, depth int) bool {
	if decl.Type.Results.List[0].Names != nil && defers(decl.Body) {
		return false
	}
	return !slices.ContainsFunc(firstResults(decl.Body), func(result ast.Expr) bool {
		return result == nil || !c.neverNil(result, depth)
	})
}

func defers(body *ast.BlockStmt) bool {
	for n := range ast.Preorder(body) {
		if _, ok := n.(*ast.DeferStmt); ok {
			return true
		}
	}
	return false
}

// firstResults returns the first operand of every return statement of a
// function, and nil for a return statement without one.
func firstResults(body *ast.BlockStmt) (results []ast.Expr) {
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.ReturnStmt:
			if len(n.Results) == 0 {
				results = append(results, nil)
			} else {
				results = append(results, n.Results[0])
			}
		}
		return true
	})
	return results
}
