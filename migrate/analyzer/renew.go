package analyzer

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ast/inspector"
)

// renewVariable plans to turn the declaration of a channel, and the statements
// directly after it that call With… methods on it, into one with inprocchain.New.
// The calls are those of one of these statements.
func (c *checker) renewVariable(calls []*ast.CallExpr) (reason string) {
	const elsewhere = "the channel is not made in the same expression or directly before"
	sel, _ := c.settingOf(calls[0])
	x := varOf(c.info, sel.X)
	if x == nil {
		return elsewhere
	}
	declared, made, ok := c.madeBy(x)
	if !ok {
		return elsewhere
	}
	all, end := c.settingsAfter(declared, x)
	if len(all) == 0 || calls[0].Pos() < declared.Node().End() || end <= calls[0].Pos() {
		return elsewhere
	}
	reason, tried := c.renewed[x]
	if !tried {
		reason = c.renewStatements(declared, made, x, all, end)
		c.renewed[x] = reason
	}
	return reason
}

// madeBy returns the short variable declaration of x and the new channel in it.
func (c *checker) madeBy(x *types.Var) (declared, made inspector.Cursor, ok bool) {
	a, ok := c.vars.of(x)
	if !ok || a.zero || len(a.values) == 0 || !c.isFresh(a.values[0]) {
		return declared, made, false
	}
	made = c.cursor(a.values[0])
	declared = outside(made)
	assign, ok := declared.Node().(*ast.AssignStmt)
	return declared, made, ok && assign.Tok == token.DEFINE && len(assign.Lhs) == 1 && inBlock(declared)
}

// settingsAfter returns the With… calls of the statements directly after the
// declaration of x that do nothing else, and where the last of them ends.
func (c *checker) settingsAfter(declared inspector.Cursor, x *types.Var) (calls []*ast.CallExpr, end token.Pos) {
	for stmt, ok := declared.NextSibling(); ok; stmt, ok = stmt.NextSibling() {
		var e ast.Expr
		switch n := stmt.Node().(type) {
		case *ast.ExprStmt:
			e = n.X
		case *ast.AssignStmt:
			if n.Tok == token.ASSIGN && len(n.Lhs) == 1 && varOf(c.info, n.Lhs[0]) == x {
				e = n.Rhs[0]
			}
		}
		call, ok := e.(*ast.CallExpr)
		if !ok {
			return calls, end
		}
		if sel, _ := c.settingOf(call); sel == nil {
			return calls, end
		}
		links, _ := c.links(call)
		if sel, _ := c.settingOf(links[0]); varOf(c.info, sel.X) != x {
			return calls, end
		}
		calls, end = append(calls, links...), stmt.Node().End()
	}
	return calls, end
}

// renewStatements plans the edits of renewVariable. The statements after the
// declaration end at end.
func (c *checker) renewStatements(declared, made inspector.Cursor, x *types.Var, calls []*ast.CallExpr, end token.Pos) (reason string) {
	options, reason := c.newOptions(calls)
	if reason != "" {
		return reason
	}
	uses := c.newFlow(grpcInterface)
	for _, id := range c.vars.uses[x] {
		if declared.Node().End() <= id.Pos() && id.Pos() < end {
			continue
		}
		if !uses.expr(c.cursor(id)) {
			return usedAsChannel
		}
	}
	return c.build(made, "New", nil, options, []edit{{declared.Node().End(), end, ""}})
}
