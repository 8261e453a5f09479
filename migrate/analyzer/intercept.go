package analyzer

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"
)

// checkIntercepts finds calls of grpchan that wrap an in-process channel with client
// interceptors. It reports nested calls once.
func (c *checker) checkIntercepts() {
	for cur := range c.all((*ast.CallExpr)(nil)) {
		call, kind := c.interceptOf(cur.Node().(*ast.CallExpr))
		if kind == noIntercept || !c.holds(call.Args[0]).inProcess() || c.holds(call)&heldWrapper == 0 {
			continue
		}
		if outer, kind := c.outerIntercept(cur); kind != noIntercept && c.holds(outer)&heldWrapper != 0 {
			continue // It is reported for the outer call.
		}
		if assert, ok := outside(cur).Node().(*ast.TypeAssertExpr); ok && assert.Type != nil && isChannel(c.info.TypeOf(assert.Type)) {
			continue // The report of the assertion includes this.
		}
		reason := c.wrap(cur)
		c.found(cur, analysis.Diagnostic{
			Pos:      call.Pos(),
			End:      call.End(),
			Category: "intercept",
			Message: types.ExprString(call.Fun) + " hides an in-process channel behind a wrapper, and its interceptors do not run for RPCs on the channel itself; " +
				"pass the interceptors to inprocchain.New or inprocchain.Wrap" + because(reason),
		}, reason == "")
	}
}

// outside returns the first node around cur that is not a parenthesized
// expression.
func outside(cur inspector.Cursor) inspector.Cursor {
	for {
		cur = cur.Parent()
		if _, paren := cur.Node().(*ast.ParenExpr); !paren {
			return cur
		}
	}
}

// outerIntercept returns the intercept call that takes the call at cur as its
// channel, if there is one.
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
