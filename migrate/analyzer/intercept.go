package analyzer

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"
)

// checkIntercepts finds client interceptors that grpchan puts around an in-process channel, once for calls
// that are nested in each other.
func (c *checker) checkIntercepts() {
	for cur := range c.all((*ast.CallExpr)(nil)) {
		call, kind := c.interceptOf(cur.Node().(*ast.CallExpr))
		if kind == noIntercept || !c.holds(call.Args[0]).inProcess() || c.holds(call)&heldWrapper == 0 {
			continue
		}
		if outer, kind := c.outerIntercept(cur); kind != noIntercept && c.holds(outer)&heldWrapper != 0 {
			continue // told of there
		}
		if assert, ok := outside(cur).Node().(*ast.TypeAssertExpr); ok && assert.Type != nil && isChannel(c.info.TypeOf(assert.Type)) {
			continue // the assertion is worse, and its own text says all of this
		}
		reason := c.wrap(cur)
		c.found(cur, analysis.Diagnostic{
			Pos:      call.Pos(),
			End:      call.End(),
			Category: "intercept",
			Message: types.ExprString(call.Fun) + " hides an in-process channel behind a wrapper: interceptors belong on the channel's handler side, " +
				"where every way to it passes them; use inprocchain.New or inprocchain.Wrap, which take both kinds" + because(reason),
		}, reason == "")
	}
}

// outside returns the first node around cur that is not a parenthesis.
func outside(cur inspector.Cursor) inspector.Cursor {
	for {
		cur = cur.Parent()
		if _, paren := cur.Node().(*ast.ParenExpr); !paren {
			return cur
		}
	}
}

// outerIntercept returns the intercept call whose channel the call at cur is, if there is one.
func (c *checker) outerIntercept(cur inspector.Cursor) (*ast.CallExpr, intercept) {
	for outside := cur; ; outside = outside.Parent() {
		kind, i := outside.ParentEdge()
		if kind == edge.CallExpr_Args && i == 0 {
			return c.interceptOf(outside.Parent().Node().(*ast.CallExpr))
		}
		if kind != edge.ParenExpr_X {
			return nil, noIntercept
		}
	}
}
