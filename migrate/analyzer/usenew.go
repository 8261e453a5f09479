package analyzer

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ast/inspector"
)

// useNewForVariable plans to turn the declaration of a channel, and the statements
// directly after it that call With… methods on it, into a declaration with
// inprocchain.New. The calls are those of one of these statements.
func (c *checker) useNewForVariable(calls []*ast.CallExpr) (reason string) {
	const elsewhere = "the channel is not made in the same expression or directly before"
	sel, _ := c.settingOf(calls[0])
	x := varOf(c.info, sel.X)
	if x == nil {
		return elsewhere
	}
	declared, made, ok := c.declarationOf(x)
	if !ok {
		return elsewhere
	}
	all, end := c.settingsAfter(declared, x)
	if len(all) == 0 || calls[0].Pos() < declared.Node().End() || end <= calls[0].Pos() {
		return elsewhere
	}
	reason, tried := c.newReasons[x]
	if !tried {
		reason = c.useNewForStatements(declared, made, x, all, end)
		c.newReasons[x] = reason
	}
	return reason
}

// declarationOf returns the short variable declaration of x and the new channel in it.
func (c *checker) declarationOf(x *types.Var) (declared, made inspector.Cursor, ok bool) {
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

// useNewForStatements plans the edits of useNewForVariable. The statements after the
// declaration end at end.
func (c *checker) useNewForStatements(declared, made inspector.Cursor, x *types.Var, calls []*ast.CallExpr, end token.Pos) (reason string) {
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
