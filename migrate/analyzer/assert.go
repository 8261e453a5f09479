package analyzer

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/analysis"
)

// checkAssertions finds assertions to *inprocgrpc.Channel.
func (c *checker) checkAssertions() {
	for cur := range c.all((*ast.TypeAssertExpr)(nil)) {
		assert := cur.Node().(*ast.TypeAssertExpr)
		if assert.Type == nil || !isChannel(c.info.TypeOf(assert.Type)) {
			continue
		}
		always, wrapped := "always panics", "panics if the channel is wrapped"
		if _, checked := c.info.TypeOf(assert).(*types.Tuple); checked {
			always, wrapped = "never succeeds", "misses a wrapped channel"
		}
		message := "this assertion " + wrapped + "; use inprocchain.Unwrap, which sees through wrappers and returns an error"
		if c.holds(assert.X) == heldWrapper {
			message = "this assertion " + always + ": grpchan's Intercept functions return a wrapper, never the *inprocgrpc.Channel in it; " +
				"keep the channel in a variable of its own, and pass the interceptors, and what else is set on the channel, to one inprocchain.New"
		}
		c.found(cur, analysis.Diagnostic{Pos: assert.Pos(), End: assert.End(), Category: "assertion", Message: message}, false)
	}
}
